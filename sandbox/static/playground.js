// The playground, livelier: judged while one types, lines that can be jumped to, a link that carries the card.
// Everything on the page works without this file; what the page says of a card is always written by the server.
(() => {
    const form = document.getElementById('play');
    const field = document.getElementById('card');
    const judged = document.getElementById('judged');

    // ---- Line numbers, with what is wrong marked ----
    const gutter = document.createElement('div');
    gutter.className = 'gutter';
    gutter.setAttribute('aria-hidden', 'true');
    field.before(gutter);
    const marks = () => {
        const worst = new Map();
        for (const button of judged.querySelectorAll('[data-line]')) {
            const line = Number(button.dataset.line);
            const mark = button.closest('.is-warning') ? 'is-warning' : 'is-error';
            if (mark === 'is-error' || !worst.has(line)) worst.set(line, mark);
        }
        const count = field.value.split('\n').length;
        gutter.replaceChildren(...Array.from({length: count}, (_, i) => {
            const number = document.createElement('div');
            number.textContent = i + 1;
            if (worst.has(i + 1)) number.className = worst.get(i + 1);
            return number;
        }));
        gutter.scrollTop = field.scrollTop;
    };
    field.addEventListener('scroll', () => { gutter.scrollTop = field.scrollTop; });
    judged.addEventListener('click', (event) => {
        const line = Number(event.target.dataset?.line);
        if (!line) return;
        const lines = field.value.split('\n');
        const begin = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
        field.focus();
        field.setSelectionRange(begin, begin + lines[line - 1].length);
        field.scrollTop = (line - 5) * (field.scrollHeight / lines.length);
    });

    // ---- Judged while one types ----
    let turn = 0;
    const judge = async () => {
        const mine = ++turn;
        const body = new FormData(form);
        body.set('do', 'preview');
        const look = judged.querySelector('input[name=look]:checked')?.value;
        let text;
        try {
            const answer = await fetch(form.action, {method: 'POST', body});
            text = await answer.text();
        } catch {
            return;  // the next letter tries again
        }
        if (mine !== turn) return;
        const page = new DOMParser().parseFromString(text, 'text/html').getElementById('judged');
        if (!page) return;
        judged.replaceChildren(...page.childNodes);
        const chosen = judged.querySelector(`input[name=look][value="${look}"]`);
        if (chosen) chosen.checked = true;
        marks();
        document.dispatchEvent(new Event('cards'));
    };
    let timer;
    field.addEventListener('input', () => {
        marks();
        clearTimeout(timer);
        timer = setTimeout(judge, 350);
    });

    // ---- A link that carries the card: what stands behind # is never sent to a server ----
    // A few bytes can hold gigabytes: more than any card has is not read.
    const through = async (bytes, transformer) => {
        const parts = [];
        let size = 0;
        for (const reader = new Blob([bytes]).stream().pipeThrough(transformer).getReader(); ;) {
            const {done, value} = await reader.read();
            if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
            size += value.length;
            if (size > 500_000) {
                reader.cancel();
                throw new RangeError('more than a card has');
            }
            parts.push(value);
        }
    };
    const encode = async (text) => {
        const bytes = await through(new TextEncoder().encode(text), new CompressionStream('deflate-raw'));
        return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')).replace(/\+/g, '-').replace(/\//g,
            '_').replace(/=+$/, '');
    };
    const decode = async (text) => {
        const bytes = Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
        return new TextDecoder().decode(await through(bytes, new DecompressionStream('deflate-raw')));
    };
    const share = document.getElementById('share');
    share.hidden = false;
    share.addEventListener('click', async () => {
        history.replaceState(null, '', `/playground#card=${await encode(field.value)}`);
        try {
            await navigator.clipboard.writeText(location.href);
            share.textContent = 'Copied';
        } catch {
            share.textContent = 'The address above is the link';
        }
    });
    const open = async () => {
        const carried = location.hash.match(/^#card=([\w-]+)$/);
        if (!carried) return;
        try {
            field.value = await decode(carried[1]);
        } catch {
            return;  // a link that was cut off
        }
        await judge();
    };
    addEventListener('hashchange', open);
    marks();
    open();
    // What was typed before this file was there.
    if (field.value !== field.defaultValue) judge();
})();
