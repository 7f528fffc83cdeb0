// The client around an embedded page: what its Teams JavaScript library (1.x) says by postMessage, and is answered.
'use strict';
const frame = document.querySelector('iframe.embedded');
if (frame) {
    const form = document.getElementById('embedded');
    const button = form.querySelector('button');
    const saves = button.name === 'do';
    const origins = frame.dataset.origins.trim().split(' ');
    const patience = 30000;  // milliseconds that the page has to answer a press
    let settings = JSON.parse(frame.dataset.settings ?? '{}');
    let webhook;  // a promise, once the page has asked
    let waiting;

    const fail = (text) => {
        clearTimeout(waiting);
        const note = document.getElementById('embedded-problem');
        note.firstElementChild.textContent = text;
        note.hidden = false;
        button.disabled = false;
    };
    const ask = async () => {
        const answer = await fetch(form.action, {method: 'POST', body: new URLSearchParams({do: 'webhook'})});
        if (!answer.ok) throw new Error(`no webhook: ${answer.status}`);
        return answer.json();
    };
    const isValid = (url) => !url || (URL.canParse(url) && origins.includes(new URL(url).origin));
    const answers = {
        initialize: () => [saves ? 'settings' : 'remove', 'web', '1.13.1'],
        getContext: () => [{locale: 'en-gb', theme: 'default', hostClientType: 'web', frameContext: saves ? 'settings' : 'remove', userObjectId: frame.dataset.objectId}],
        'settings.setValidityState': ([isValidNow]) => { button.disabled = isValidNow !== true; },
        'settings.setSettings': ([wanted]) => {
            if (!isValid(wanted?.contentUrl) || !isValid(wanted?.removeUrl)) return [false, 'contentUrl and removeUrl must lie in a valid domain'];
            settings = wanted;
            return [true];
        },
        'settings.getSettings': async () => {
            const known = {...settings, appType: frame.dataset.appType, userObjectId: frame.dataset.objectId};
            if (!saves) return [known];
            const {webhook_url: webhookUrl, webhook_id: id} = await (webhook ??= ask());
            form.elements.webhook_id.value = id;
            return [{...known, webhookUrl}];
        },
        'settings.save.success': () => {
            if (!waiting || !saves) return;
            if (!settings.contentUrl || !webhook) {
                fail('The page reported success, but called setSettings with a contentUrl and getSettings not both.');
                return;
            }
            for (const name of ['entityId', 'contentUrl', 'removeUrl', 'configName']) form.elements[name].value = settings[name] ?? '';
            clearTimeout(waiting);
            button.disabled = false;
            form.submitted = true;
            form.requestSubmit(button);
        },
        'settings.save.failure': ([reason]) => fail(`The page says that it could not save: ${reason || 'it gives no reason'}`),
        'settings.remove.success': () => {
            if (!waiting || saves) return;
            clearTimeout(waiting);
            button.disabled = false;
            form.submitted = true;
            form.requestSubmit(button);
        },
        'settings.remove.failure': ([reason]) => fail(`The page says that it could not clean up: ${reason || 'it gives no reason'}`),
    };
    window.addEventListener('message', async ({source, origin, data}) => {
        if (source !== frame.contentWindow || !origins.includes(origin) || typeof data?.func !== 'string') return;
        if (!Object.hasOwn(answers, data.func)) return;
        try {
            const args = await answers[data.func](data.args ?? []);
            if (args) source.postMessage({id: data.id, args}, origin);
        } catch (error) {
            fail(`The sandbox could not answer ${data.func}: ${error.message}`);
        }
    });
    form.addEventListener('submit', (event) => {
        if (form.submitted) return;
        event.preventDefault();
        // The page decides: it stores what it has to, and says so.
        button.disabled = true;
        waiting = setTimeout(() => fail('The page did not answer within 30 seconds: it has to call notifySuccess or notifyFailure.'), patience);
        const origin = new URL(frame.dataset.src).origin;
        if (!saves) {
            frame.contentWindow.postMessage({func: 'settings.remove', args: []}, origin);
            return;
        }
        Promise.resolve(webhook).then((known) => {
            frame.contentWindow.postMessage({func: 'settings.save', args: [known ? {webhookUrl: known.webhook_url} : {}]}, origin);
        }, (error) => fail(error.message));
    });
    // Only now, so that nothing it says is lost.
    frame.src = frame.dataset.src;
}
