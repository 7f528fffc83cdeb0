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
    let waiting;  // a timer, from a press until the page has answered it

    const answered = () => {
        clearTimeout(waiting);
        waiting = undefined;
    };
    const fail = (text) => {
        answered();
        const note = document.getElementById('embedded-problem');
        note.firstElementChild.textContent = text;
        note.hidden = false;
        button.disabled = false;
    };
    const names = ['entityId', 'contentUrl', 'removeUrl', 'configName'];
    const ask = async (what) => {
        const answer = await fetch(form.action, {method: 'POST', body: new URLSearchParams(what)});
        if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`);
        return answer.json();
    };
    // The webhook does not exist before it is saved. It is asked for once, unless that failed.
    const askWebhook = () => {
        webhook ??= ask({do: 'webhook'});
        webhook.catch(() => { webhook = undefined; });
        return webhook;
    };
    const send = () => {
        answered();
        button.disabled = false;
        form.submitted = true;
        form.requestSubmit(button);
    };
    const answers = {
        initialize: () => [saves ? 'settings' : 'remove', 'web', '1.13.1'],
        getContext: () => [{locale: 'en-gb', theme: 'default', hostClientType: 'web', frameContext: saves ? 'settings'
            : 'remove', userObjectId: frame.dataset.objectId}],
        'settings.setValidityState': ([isValidNow]) => { button.disabled = isValidNow !== true; },
        'settings.setSettings': async ([wanted]) => {
            const said = Object.fromEntries(names.filter((name) => wanted?.[name]).map((name) => [name, wanted[name]]));
            const {taken, problem} = await ask({do: 'judge', ...said});
            if (!taken) return [false, problem];
            settings = wanted;
            return [true];
        },
        'settings.getSettings': async () => {
            const known = {...settings, appType: frame.dataset.appType, userObjectId: frame.dataset.objectId};
            if (!saves) return [known];
            const {webhook_url: webhookUrl, draft_id: id} = await askWebhook();
            form.elements.draft_id.value = id;
            return [{...known, webhookUrl}];
        },
        'settings.save.success': () => {
            if (!waiting || !saves) return;
            if (!settings.contentUrl || !webhook) {
                fail('The page reported success, but called setSettings with a contentUrl and getSettings not both.');
                return;
            }
            for (const name of names) form.elements[name].value = settings[name] ?? '';
            send();
        },
        'settings.save.failure': ([reason]) =>
            fail(`The page says that it could not save: ${reason || 'it gives no reason'}`),
        'settings.remove.success': () => {
            if (waiting && !saves) send();
        },
        'settings.remove.failure': ([reason]) =>
            fail(`The page says that it could not clean up: ${reason || 'it gives no reason'}`),
    };
    const handle = async (origin, {func, args, id}) => {
        try {
            const answer = await answers[func](args ?? []);
            if (answer) frame.contentWindow.postMessage({id, args: answer}, origin);
        } catch (error) {
            fail(`The sandbox could not answer ${func}: ${error.message}`);
        }
    };
    // In the order in which the page speaks: some answers come from the server, and notifySuccess is not to overtake
    // setSettings.
    let spoken = Promise.resolve();
    window.addEventListener('message', ({source, origin, data}) => {
        if (source !== frame.contentWindow || !origins.includes(origin) || typeof data?.func !== 'string') return;
        if (Object.hasOwn(answers, data.func)) spoken = spoken.then(() => handle(origin, data));
    });
    form.addEventListener('submit', (event) => {
        if (form.submitted) return;
        event.preventDefault();
        // The page decides: it stores what it has to, and says so.
        button.disabled = true;
        waiting = setTimeout(() => fail(
            'The page did not answer within 30 seconds: it has to call notifySuccess or notifyFailure.'), patience);
        const origin = new URL(frame.dataset.src).origin;
        if (!saves) {
            frame.contentWindow.postMessage({func: 'settings.remove', args: []}, origin);
            return;
        }
        Promise.resolve(webhook).then((known) => {
            frame.contentWindow.postMessage({func: 'settings.save',
                args: [known ? {webhookUrl: known.webhook_url} : {}]}, origin);
        }, (error) => fail(error.message));
    });
    // Only now, so that nothing it says is lost.
    frame.src = frame.dataset.src;
}
