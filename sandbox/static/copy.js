// Buttons that copy a field. They are hidden where there is no JavaScript: a field can be selected by hand.
for (const button of document.querySelectorAll('[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
        const field = document.getElementById(button.dataset.copy);
        try {
            await navigator.clipboard.writeText(field.value);
            button.textContent = 'Copied';
        } catch {
            field.select();
            button.textContent = 'Press Ctrl+C';
        }
    });
}
