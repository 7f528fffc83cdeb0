// Draws Adaptive Cards with Microsoft's own library; without it the page's plain rendering stays.
/* global AdaptiveCards, markdownit */
(() => {
    if (typeof AdaptiveCards === 'undefined' || typeof markdownit === 'undefined') return;
    // As Teams reads it in an Adaptive Card: emphasis, lists and links. Everything else stands as it was written.
    const markdown = markdownit({html: false, linkify: false})
        .disable(['heading', 'lheading', 'code', 'fence', 'blockquote', 'hr', 'table', 'backticks', 'strikethrough']);
    const isLink = (url) => /^(https?:\/\/|mailto:)/i.test(url);
    markdown.validateLink = isLink;
    // Of the card that is drawn: the text of each mention that it declares, and who that is.
    let mentions = [];
    const mentionMark = 0xf0000;  // private characters, which Markdown leaves alone
    const escapeHtml = (text) =>
        text.replace(/[&<>"]/g, (char) => ({'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'})[char]);
    AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
        mentions.forEach((mention, i) => {
            text = text.replaceAll(mention.text, String.fromCodePoint(mentionMark + i));
        });
        result.outputHtml = markdown.render(text.replaceAll('![', '!\\['));
        mentions.forEach((mention, i) => {
            result.outputHtml = result.outputHtml.replaceAll(String.fromCodePoint(mentionMark + i),
                `<span class="mention">${escapeHtml(mention.name)}</span>`);
        });
        result.didProcess = true;
    };
    const mentionsOf = (card) => (Array.isArray(card.msteams?.entities) ? card.msteams.entities : [])
        .flatMap((entity) => {
        const name = typeof entity?.text === 'string' && entity.text.match(/^<at>([^]+)<\/at>$/)?.[1];
        return entity?.type === 'mention' && name && typeof entity.mentioned?.id === 'string' && entity.mentioned.id
            ? [{text: entity.text, name}] : [];
    });

    // Outlook's Action.Http: the sandbox sends it as Microsoft's service would.
    class HttpAction extends AdaptiveCards.Action {
        static JsonTypeName = 'Action.Http';
        getJsonTypeName() { return HttpAction.JsonTypeName; }
        internalParse(source, context) {
            super.internalParse(source, context);
            this.path = String(source.sandboxPath ?? '');
        }
    }
    AdaptiveCards.GlobalRegistry.actions.register(HttpAction.JsonTypeName, HttpAction);

    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const hostConfig = () => {
        const text = (name, subtle) => ({default: colour(name), subtle: colour(subtle ?? name)});
        const foregroundColors = {default: text('--ink', '--ink-soft'), accent: text('--accent'), good: text('--good'),
            warning: text('--warn'), attention: text('--bad'), light: text('--ink-soft'), dark: text('--ink')};
        const style = (name) => ({backgroundColor: colour(name), foregroundColors});
        return new AdaptiveCards.HostConfig({
            fontFamily: 'inherit', supportsInteractivity: true,
            spacing: {small: 4, default: 8, medium: 16, large: 24, extraLarge: 32, padding: 0},
            separator: {lineThickness: 1, lineColor: colour('--line')},
            fontSizes: {small: 13, default: 15, medium: 17, large: 20, extraLarge: 24},
            containerStyles: {default: style('--paper'), emphasis: style('--ground'), accent: style('--accent-soft'),
                good: style('--good-soft'),
                warning: style('--warn-soft'), attention: style('--bad-soft')},
            imageSizes: {small: 40, medium: 80, large: 160},
            actions: {maxActions: 6, spacing: 'default', buttonSpacing: 8,
                showCard: {actionMode: 'inline', inlineTopMargin: 8, style: 'emphasis'},
                actionsOrientation: 'horizontal', actionAlignment: 'left'},
            factSet: {title: {color: 'default', isSubtle: true, weight: 'default', wrap: true}, value: {wrap: true},
                spacing: 16},
            textBlock: {headingLevel: 2},  // as the title of a MessageCard: the page's own heading is the first
        });
    };

    const submit = (place, action, inputs) => {
        const form = document.createElement('form');
        form.method = 'post';
        form.enctype = 'multipart/form-data';  // whatever the card's ids and however much was typed
        form.action = '/act';
        const fields = {post_id: place.dataset.post, token: place.dataset.token, path: action.path,
            ...Object.fromEntries(inputs.map((input) => [`in-${input.id}`, input.value ?? '']))};
        for (const [name, value] of Object.entries(fields)) {
            const field = document.createElement('input');
            field.type = 'hidden';
            field.name = name;
            field.value = value;
            form.append(field);
        }
        document.body.append(form);
        form.submit();
    };

    const cards = new WeakMap();  // place -> what is drawn there
    const draw = (place) => {
        const card = new AdaptiveCards.AdaptiveCard();
        const typed = new Map((cards.get(place)?.getAllInputs() ?? []).map((input) => [input.id, input.value]));
        card.hostConfig = hostConfig();
        card.onExecuteAction = (action) => {
            if (action instanceof AdaptiveCards.OpenUrlAction && isLink(action.url))
                window.open(action.url, '_blank', 'noopener,noreferrer');
            else if (action instanceof AdaptiveCards.OpenUrlAction) place.querySelector('.adaptive-note')
                .textContent = 'This opens nothing: its address is neither http, https nor mailto.';
            else if (action instanceof HttpAction) submit(place, action, card.getAllInputs());
            else place.querySelector('.adaptive-note')
                .textContent = 'A webhook\'s card may not have this action: nobody would receive it.';
        };
        try {
            const source = JSON.parse(place.dataset.card);
            mentions = mentionsOf(source);
            card.parse(source);
            // Drawn again in other colours, a card keeps what somebody has typed into it.
            for (const input of card.getAllInputs()) if (typed.has(input.id)) input.defaultValue = typed.get(input.id);
            const drawn = card.render();
            cards.set(place, card);
            const note = document.createElement('p');
            note.className = 'adaptive-note soft';
            note.setAttribute('role', 'status');
            place.replaceChildren(drawn, note);
            place.closest('.mcard').querySelector('.static-card').hidden = true;
        } catch {
            place.replaceChildren();  // the plain rendering stays
        }
    };
    const drawAll = () => document.querySelectorAll('.adaptive').forEach(draw);
    drawAll();
    document.addEventListener('cards', drawAll);  // there are others now
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
})();
