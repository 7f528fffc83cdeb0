// An installation on a shared host, used: connect through the sandbox, send from SQL, delivered by cron's line; then
// what may go wrong.
import assert from 'node:assert/strict';
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {Client, feedPosts, openBrowser, photograph, PUBLIC_URL, remember, SANDBOX_URL, sql, STACK_DIR, toPicker,
    until} from '../e2e/harness.mjs';

const {USER_NAME, USER_HOME, SUEXEC_LOG, SUEXEC_LOG_BEGIN, PG_SOCKET, PG_CTL, PG_DATA, LOGS, CRON, UPGRADE, PACKED,
    CONFIG} = process.env;
const owner = (text) => sql(text, 'shop');
const user = {uid: Number(execFileSync('id', ['-u', USER_NAME])), gid: Number(execFileSync('id', ['-g', USER_NAME]))};

/** Runs a command as the host's customer, with the few variables that cron sets. */
function asUser(command) {
    const {status, stdout, stderr} = spawnSync('setpriv', ['--reuid', USER_NAME, '--regid', USER_NAME, '--init-groups',
        '--', 'env', '-i', `HOME=${USER_HOME}`,
        `LOGNAME=${USER_NAME}`, 'SHELL=/bin/sh', 'PATH=/usr/bin:/bin', '/bin/sh', '-c', command],
        {cwd: USER_HOME, encoding: 'utf8'});
    return {status, stdout, stderr};
}
const cron = () => asUser(CRON);

/** The responders that run: pid, and what the kernel says about each. */
function responders() {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
        try {
            if (statSync(`/proc/${pid}`).uid !== user.uid && !readFileSync(`/proc/${pid}/status`, 'utf8')
                .includes(`Uid:\t${user.uid}\t`)) return [];
            const exe = readlinkSync(`/proc/${pid}/exe`);
            return exe.includes('c.fcgi')
                ? [{pid: Number(pid), exe, status: readFileSync(`/proc/${pid}/status`, 'utf8')}] : [];
        } catch {
            return [];
        }
    });
}
const postgres = (...words) => execFileSync('setpriv',
    ['--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--reuid=postgres',
        '--regid=postgres', '--', PG_CTL, '-D', PG_DATA, '-w', ...words], {cwd: '/', stdio: 'ignore'});
const superuser = (text) => execFileSync('psql', ['-h', PG_SOCKET, '-U', 'postgres', '-d', 'shop', '-qXAt', '-v',
    'ON_ERROR_STOP=1', '-c', text], {encoding: 'utf8', env: {...process.env, PGSSLMODE: 'disable'}}).trim();
const hostLog = () => readFileSync(join(LOGS, 'host-error.log'), 'utf8');

function link(name) {
    const url = owner(`select o365.begin_connect('desk', '${name}')`);
    remember('ticket', new URL(url).searchParams.get('ticket'));
    return url;
}
/** The whole way of one person, without a screen; returns where it ended. */
async function connect(name, place) {
    const client = new Client();
    const callback = await client.toCallback(link(name), place);
    const answer = await client.request(callback);
    return {client, callback, answer};
}
const subscription = (name) => owner(`select subscription_id from o365.connections('${name}')`);

test('the connector is registered with psql, as the owner over TLS', () => {
    assert.equal(owner("select ssl and version >= 'TLSv1.2' from pg_stat_ssl where pid = pg_backend_pid()"), 't');
    assert.equal(owner("select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls "
        + "from pg_roles where rolname = current_user"), 'f');
    assert.throws(() => execFileSync('psql', ['-U', 'shop', '-c', 'select 1'],
        {env: {...process.env, PGSSLMODE: 'disable'}, stdio: 'pipe'}), /no encryption|no pg_hba/);
    const logo = readFileSync(join(process.env.ROOT, 'scripts/demo-logo.png')).toString('base64');
    owner(`select o365.register_connector('desk', 'Contoso Helpdesk', decode('${logo}', 'base64'),
        'brings companies and customers together',
        'Posts new tickets into your group.', 'https://contoso.example', array['a ticket is opened'],
            target_urls => array['${PUBLIC_URL}'])`);
    // The sandbox signs the tokens of card actions.
    owner(`select o365.set_token_profile('entra',
        metadata_url => '${SANDBOX_URL}/911e768c-8513-4b42-ae5a-19fca310182f/v2.0/.well-known/openid-configuration',
        hosts => array['${new URL(SANDBOX_URL).host}'], issuers => array['${SANDBOX_URL}/{tid}/v2.0'])`);
    owner("select o365.grant_application('shop', 'desk')");
});

test('PATH_INFO arrives: only it says /healthz below a folder', async () => {
    const answer = await new Client().request(`${PUBLIC_URL}/healthz`);
    assert.deepEqual([answer.status, answer.text], [200, 'ok\n']);
});

test('health answers this machine alone', () => {
    const from = (address, path) => execFileSync('curl', ['-sk', '-o', '/dev/null', '-w', '%{http_code}', '--interface',
        address, `${PUBLIC_URL}/${path}`], {encoding: 'utf8'});
    assert.equal(from('127.0.0.2', 'healthz'), '403');
    assert.equal(from('127.0.0.1', 'healthz'), '200');
    assert.equal(from('127.0.0.2', 'connect/desk/'), '200');
});

test('nothing of the folder is shown as a file', async () => {
    const client = new Client();
    for (const file of ['o365-worker', 'lib/libpq.so.5', 'lib/', 'c.fcgi', '.htaccess', 'o365.conf',
        '../o365-connector/o365.conf']) {
        const answer = await client.request(`${PUBLIC_URL}/${file}`);
        assert.ok(answer.status === 404 || answer.status === 403, `${file}: ${answer.status}`);
        assert.doesNotMatch(answer.text, /ELF|passfile|RewriteRule/);
    }
});

test('the responder runs as the customer, not as the web server, with nothing in its environment and its own libraries',
    async () => {
    await new Client().request(`${PUBLIC_URL}/connect/`);
    const running = responders();
    assert.ok(running.length > 0);
    for (const {pid, exe, status} of running) {
        assert.equal(exe, `${USER_HOME}/public_html/o365/c.fcgi`);
        assert.match(status, new RegExp(`^Uid:\t${user.uid}\t${user.uid}\t${user.uid}\t${user.uid}$`, 'm'));
        assert.match(status, new RegExp(`^Gid:\t${user.gid}\t${user.gid}\t${user.gid}\t${user.gid}$`, 'm'));
        assert.deepEqual(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean)
            .map((entry) => entry.split('=')[0]).filter((name) => !name.startsWith('LIBFCGI_')), ['PATH']);
        const mapped = [...new Set(readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')
            .map((line) => line.split(/\s+/)[5] ?? '').filter((file) => /\.so(\.|$)/.test(file)))];
        const foreign = mapped.filter((file) => !file.startsWith(`${USER_HOME}/public_html/o365/lib/`));
        assert.ok(mapped.length > foreign.length + 20, 'the libraries of the folder are loaded');
        assert.deepEqual(foreign.filter((file) => !/\/(ld-linux[^/]*|lib(c|m|resolv|nss_[a-z]+))\.so\.\d$/.test(file)),
            [], 'of the machine only glibc');
    }
    assert.match(readFileSync(SUEXEC_LOG).subarray(Number(SUEXEC_LOG_BEGIN)).toString(),
        new RegExp(`uid: \\(${user.uid}/${USER_NAME}\\) gid: \\(${user.gid}/${USER_NAME}\\) cmd: c\\.fcgi`));
});

test('group, inbox and team connect; cards sent in SQL leave with cron\'s line and are in the feed', async () => {
    for (const [name, place, stored] of [['ann', 'Sales', 'groups|Sales'], ['bob', 'Inbox', 'mail|'],
        ['cleo', 'Engineering', 'teams|Engineering']]) {
        const {client, callback, answer} = await connect(name, place);
        assert.equal(answer.status, 302);
        assert.match(answer.location, new RegExp(`^${PUBLIC_URL}/connect/desk/done/[0-9a-f-]{36}$`));
        const done = await client.request(answer.location);
        assert.equal(done.status, 200);
        assert.equal(owner(`select app_type, group_name from o365.connections('${name}')`), stored);
        const again = await client.request(callback);
        assert.equal(again.location, answer.location, 'a repeat in the same browser shows success');
        owner(`select o365.send(${subscription(name)}, '{"text": "for ${name}"}')`);
    }
    const {status, stdout, stderr} = cron();
    assert.deepEqual({status, stdout, stderr}, {status: 0, stdout: '', stderr: ''});
    const texts = (await feedPosts()).map((post) => JSON.stringify(post));
    for (const name of ['ann', 'bob', 'cleo'])
        assert.ok(texts.some((text) => text.includes(`for ${name}`)), `the card for ${name} is not in the feed`);
    assert.equal(owner("select string_agg(distinct outcome, ',') from o365.deliveries"), 'delivered');
    assert.equal(cron().status, 0, 'a run that finds nothing says so by its exit code');
});

test('in a real browser: the URL is clean afterwards, the next request has no Referer, the pages fit a phone',
    async () => {
    const {page, close} = await openBrowser();
    try {
        await toPicker(page, link('dora'));
        await page.getByLabel('Sales').check();
        await page.getByRole('button', {name: 'Allow'}).click();
        await page.waitForURL((url) => url.href.startsWith(`${PUBLIC_URL}/connect/desk/done/`));
        assert.match(await page.textContent('body'), /Sales/);
        await photograph(page, 'shared-host-done');
        // What the host logs of the next request is its Referer: a missing page of the host itself is in both of its
        // logs.
        await page.evaluate((url) => { location.href = url; }, new URL('/missing-page', PUBLIC_URL).href);
        await page.waitForURL(/missing-page/);
        assert.match(readFileSync(join(LOGS, 'host-access.log'), 'utf8'),
            /"GET \/missing-page HTTP\/1\.1" 404 \d+ "-"/);
    } finally {
        await close();
    }
});

test('Deny, a forged state, another browser and no parameter: each has its page', async () => {
    const client = new Client();
    const started = await client.start(link('eve'));
    const fields = Object.fromEntries(new URL(started.location).searchParams);
    const page = started.location.split('?')[0];
    await client.request(page, {...fields, action: 'sign-in', person: 'Megan'});
    const denied = (await client.request(page, {...fields, action: 'deny'})).location;
    assert.match(denied, /error=AccessDenied/);
    const reason = async (url, who = client) => {
        const answer = await who.request(url);
        const shown = answer.status === 302 ? await who.request(answer.location) : answer;
        assert.equal(shown.status, 200);
        assert.equal(shown.headers['referrer-policy'], 'no-referrer');
        return answer.status === 302 ? new URL(answer.location).searchParams.get('reason')
            : shown.text.match(/<h1>([^<]*)/)?.[1];
    };
    assert.equal(await reason(denied), 'denied');
    const callback = `${PUBLIC_URL}/connect/desk/callback`;
    assert.equal(await reason(`${callback}?state=forged-state-1`
        + `&webhook_url=${encodeURIComponent('https://contoso.webhook.localhost/forged-webhook-1')}`), 'no_state');
    const other = await new Client().toCallback(link('eve'), 'Sales');
    assert.equal(await reason(other, new Client()), 'no_cookie', 'another browser has no cookie of this state');
    assert.ok(await reason(callback));
    assert.equal(subscription('eve'), '');
});

test('Microsoft\'s errors, a refused host, a damaged webhook, each state twice: told apart by o365.connect_attempt',
    async () => {
    const webhook = 'https://contoso.webhook.localhost/webhookb2/made-up';
    for (const [parameters, outcome, detail] of [
        [{error: 'Invalid Request'}, 'invalid_request', ''],
        [{error: 'ServerBusy'}, 'unknown_error', 'ServerBusy'],
        [{webhook_url: 'https://elsewhere.example/hook'}, 'refused_host', 'elsewhere.example'],
        [{webhook_url: 'http://contoso.webhook.localhost/hook'}, 'bad_webhook', 'the webhook is not https'],
        [{group_name: 'no webhook'}, 'malformed', 'it brought neither webhook_url nor error'],
        [{webhook_url: webhook}, 'expired', ''],
    ]) {
        const client = new Client();
        const {location} = await client.start(link('errs'));
        const state = new URL(location).searchParams.get('state');
        if (outcome === 'expired') owner(
            "update o365_internal.connect_attempt set expires_at = now() where app_user = 'errs' and outcome is null");
        const end = async (more) => {
            const answer = await client.request(
                `${PUBLIC_URL}/connect/desk/callback?${new URLSearchParams({state, ...more})}`);
            const page = await client.request(answer.location);
            const request = page.text.match(/<code>(r-[0-9a-f]{12})<\/code>/)[1];
            assert.equal(new URL(answer.location).searchParams.get('reason').replace(/^webhook_.*/, 'bad_webhook'),
                owner(`select outcome from o365.connect_attempt('${request}')`));
            return owner(`select outcome, detail from o365.connect_attempt('${request}')`);
        };
        assert.equal(await end(parameters), `${outcome}|${detail}`);
        // F34: what fails as the attempt did is the same once more; nobody may post to this webhook's host here.
        const again = outcome === 'refused_host' ? 'refused_host|the same once more'
            : `used|the attempt had ended as ${outcome}`;
        if (!['malformed', 'expired'].includes(outcome)) assert.equal(await end({webhook_url: webhook}), again);
    }
    assert.equal(subscription('errs'), '');
});

test('the page behind a link to a card\'s action lies beside the others, and has its style', async () => {
    const client = new Client();
    const answer = await client.request(`${PUBLIC_URL}/action/17-0-${'a1-_'.repeat(8)}`);
    assert.equal(answer.status, 404);
    assert.match(answer.text, /This button does not work any more/);
    const style = new URL(answer.text.match(/rel="stylesheet" href="([^"]+)"/)[1], `${PUBLIC_URL}/action/x`).href;
    assert.equal(style, `${PUBLIC_URL}/connect/static/o365.css`);
    assert.equal((await client.request(style)).status, 200);
});

test('a button that Microsoft\'s service presses is answered, and with a bad token refused', async () => {
    const client = new Client();
    const card = {'@type': 'MessageCard', '@context': 'https://schema.org/extensions', 'summary': 'Pressed',
        'title': 'Pressed', 'potentialAction': [
        {'@type': 'HttpPOST', 'name': 'Close', 'target': 'o365:action', 'body': '{}'},
        {'@type': 'OpenUri', 'name': 'Open', 'targets': [{os: 'default', uri: 'https://contoso.example'}]}]};
    owner(`select o365.on_action(o365.send(${subscription('ann')}, '${JSON.stringify(card)}'), 'Close', `
        + `'It was closed.')`);
    assert.equal(cron().status, 0);
    const arrived = async () => (await feedPosts()).findLast((post) => post.card.summary === 'Pressed');
    const {post_id, card: {potentialAction: [{target}]}} = await arrived();
    assert.ok(target.startsWith(`${PUBLIC_URL}/action?token=`));
    for (const [token, ...expected] of [['tampered', 401, 'This button does not work here. Nothing was recorded.'],
        ['entra', 200, 'It was closed.'], ['entra', 409, 'This was done before. Nothing was changed.']]) {
        await client.request(`${SANDBOX_URL}/act`, {post_id, path: 'a0', token});
        const {http, status, problem} = (await arrived()).actions.at(-1);
        assert.deepEqual([http, problem ?? status], expected);
    }
    // The sandbox writes that token down where we do; one that it never got is looked for.
    remember('action-link', 'a1_-'.repeat(8));
    assert.equal((await client.post(`${PUBLIC_URL}/action?token=17-0-${'a1_-'.repeat(8)}`, '{}')).status, 401);
    assert.equal(owner('select name, way, pressed_by_name, is_connecting_user from o365.take_action_events()'),
        'Close|call|Megan|t');
});

test('the page of a connection lies beside the others too', async () => {
    const client = new Client();
    const answer = await client.request(`${PUBLIC_URL}/manage/${'b2-_'.repeat(8)}`);
    assert.equal(answer.status, 404);
    assert.match(answer.text, /This link does not work any more/);
    assert.match(answer.text, /rel="stylesheet" href="\.\.\/connect\/static\/o365\.css"/);
});

test('without the database the page says so and asks again by itself; the same callback then connects', async () => {
    const client = new Client();
    const callback = await client.toCallback(link('fay'), 'Sales');
    postgres('-m', 'immediate', 'stop');
    try {
        const answer = await client.request(callback);
        assert.equal(answer.status, 503);
        assert.deepEqual([answer.headers['retry-after'], answer.headers.refresh, answer.headers['referrer-policy'],
            answer.headers['cache-control'].includes('no-store')], ['5', '5', 'no-referrer', true]);
        assert.equal(answer.headers['content-security-policy']?.includes("default-src 'none'"), true,
            'it is our page, not Apache\'s');
        assert.notEqual(cron().status, 0, 'cron\'s line says by its exit code that it could not work');
    } finally {
        postgres('-l', join(LOGS, 'postgres.out'), 'start');
    }
    // For a second after a failed look a responder does not ask the database.
    await until('the callback to connect',
        async () => /\/done\//.test((await client.request(callback)).location ?? ''));
});

/** Apache's own page for a responder that died: it leads nowhere, sends no Referer and asks again. */
function assertAsksAgain(answer) {
    assert.ok(answer.status === 500 || answer.status === 503, String(answer.status));
    assert.equal(answer.headers['referrer-policy'], 'no-referrer');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.match(answer.text, /http-equiv=refresh content=5/);
    assert.doesNotMatch(answer.text, /href|src=|webhook/);
}

test('a responder that is killed between requests is replaced; at worst the page that asks again is shown once',
    async () => {
    const client = new Client();
    const callback = await client.toCallback(link('gus'), 'Sales');
    const before = responders();
    assert.ok(before.length > 0);
    for (const {pid} of before) process.kill(pid, 'SIGKILL');
    let answer = await client.request(callback);
    if (answer.status !== 302) {
        assertAsksAgain(answer);
        answer = await client.request(callback);
    }
    assert.match(answer.location, /\/done\//);
    assert.ok(responders().every(({pid}) => !before.some((old) => old.pid === pid)));
});

test('a responder killed in a request leaves a page that leads nowhere and asks again; the callback then connects',
    async () => {
    const client = new Client();
    const callback = await client.toCallback(link('hal'), 'Sales');
    // Somebody holds the ticket, so the callback waits in the database when its process dies.
    const holder = spawn('psql', ['-h', PG_SOCKET, '-U', 'postgres', '-d', 'shop', '-qXAt'],
        {env: {...process.env, PGSSLMODE: 'disable'}, stdio: ['pipe', 'pipe', 'inherit']});
    holder.stdin.write('begin; lock table o365_internal.ticket in access exclusive mode; select 1;\n');
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    try {
        const waiting = client.request(callback);
        await until('the callback to wait', () => superuser("select 1 from pg_stat_activity "
            + "where wait_event_type = 'Lock' and query ~ 'o365_programs.callback' limit 1"));
        for (const {pid} of responders()) process.kill(pid, 'SIGKILL');
        assertAsksAgain(await waiting);
    } finally {
        holder.stdin.end('rollback;\n');
    }
    await until('the callback to connect',
        async () => /\/done\//.test((await client.request(callback)).location ?? ''));
    assert.equal(owner("select count(*) from o365.connections('hal')"), '1');
});

test('another key in the database: nothing is sealed under it, nothing is lost, and --check names both', async () => {
    const client = new Client();
    const callback = await client.toCallback(link('ida'), 'Sales');
    const named = readFileSync(CONFIG, 'utf8').match(/^sealing_key = (\w+)$/m)[1];
    // Who has the one role's password can do this. The bytes may even be those of the right key: the name decides.
    owner(`begin; update o365_internal.sealing_key set active = false where key_id = '${named}';
        insert into o365_internal.sealing_key (key_id, kind, public_key) select 'EEEEEEEEEEEEEEEE', 'public', public_key
            from o365_internal.sealing_key where key_id = '${named}'; commit`);
    assert.equal((await client.request(callback)).status, 503);
    const {status, stdout} = asUser('public_html/o365/c.fcgi --check');
    assert.equal(status, 1);
    assert.match(stdout, new RegExp(`sealing_key names ${named}, the database seals under EEEEEEEEEEEEEEEE`));
    assert.match(readFileSync(join(USER_HOME, 'o365-connector/o365.log'), 'utf8'),
        new RegExp(`asks for sealing key ${named}, the database would seal under EEEEEEEEEEEEEEEE`));
    owner(`begin; delete from o365_internal.sealing_key where key_id = 'EEEEEEEEEEEEEEEE'; `
        + `update o365_internal.sealing_key set active = true where key_id = '${named}'; commit`);
    assert.match((await client.request(callback)).location, /\/done\//);
});

test('a configuration that names no key, or one that the key file does not hold, is told of', () => {
    const other = join(USER_HOME, 'o365-connector/other.conf');
    const right = readFileSync(CONFIG, 'utf8');
    const named = right.match(/^sealing_key = (\w+)$/m)[1];
    try {
        writeFileSync(other, right.replace(/^sealing_key.*$/m, ''), {mode: 0o644});
        const {status, stdout} = asUser(`public_html/o365/c.fcgi --config ${other} --check`);
        assert.equal(status, 0);
        assert.match(stdout,
            new RegExp('warning: the setting sealing_key: everything belongs to one role.*\n'
                + `  next: set sealing_key = ${named}`));
        writeFileSync(other, right.replace(named, 'EEEEEEEEEEEEEEEE'));
        assert.match(asUser(`public_html/o365/o365-worker --config ${other} keys check`).stderr,
            new RegExp(`sealing_key names EEEEEEEEEEEEEEEE, the key of '.*' is ${named}`));
    } finally {
        rmSync(other, {force: true});
    }
});

test('secrets that others could read stop the start', () => {
    const check = () => asUser('public_html/o365/c.fcgi --check');
    const passfile = join(USER_HOME, 'o365-connector/passfile');
    asUser('chmod 640 o365-connector/passfile');
    assert.match(check().stderr,
        new RegExp(`libpq takes no passfile that others than its owner may read: chmod 600 '${passfile}'`));
    asUser('chmod 600 o365-connector/passfile; chmod 640 o365-connector/keys');
    const worker = asUser('public_html/o365/o365-worker keys check');
    assert.match(worker.stderr, /others than its owner may access the key file/);
    asUser('chmod 600 o365-connector/keys');
    assert.equal(check().status, 0);
});

test('a database server that cannot prove its name gets no password', () => {
    const other = join(STACK_DIR, 'other.conf');
    writeFileSync(other, readFileSync(CONFIG, 'utf8').replace('host=localhost', 'host=127.0.0.1'));
    execFileSync('chown', [USER_NAME, other]);
    const {status, stdout} = asUser(`public_html/o365/c.fcgi --config ${other} --check`);
    assert.equal(status, 1);
    assert.match(stdout, /certificate .*does not match host name/);
});

test('an upgrade as the manual says: the next request is answered by a new process, and the connection is still there',
    async () => {
    await new Client().request(`${PUBLIC_URL}/connect/`);
    const before = responders();
    execFileSync('install', ['-o', USER_NAME, '-m', '600', `${PACKED}.tgz`, join(USER_HOME, 'o365-packed.tgz')]);
    const {status, stderr} = asUser(`set -e\n${UPGRADE}`);
    assert.equal(status, 0, stderr);
    // The connection of before may be closed by now.
    assert.equal((await new Client().request(`${PUBLIC_URL}/connect/`)).status, 200);
    const fresh = responders().filter(({pid}) => !before.some((old) => old.pid === pid));
    assert.ok(fresh.length > 0 && fresh.every(({exe}) => exe === `${USER_HOME}/public_html/o365/c.fcgi`),
        'the new file runs');
    assert.ok(responders().filter(({pid}) => before.some((old) => old.pid === pid))
        .every(({exe}) => exe.endsWith('(deleted)')), 'what still runs is the old file');
    owner(`select o365.send(${subscription('ann')}, '{"text": "after the upgrade"}')`);
    assert.equal(cron().status, 0);
    assert.ok((await feedPosts()).some((post) => JSON.stringify(post).includes('after the upgrade')));
});

test('a configuration that the responder refuses: the page asks again, and the host\'s error log says what is wrong',
    async () => {
    const right = readFileSync(CONFIG, 'utf8');
    const {page, close} = await openBrowser();
    try {
        writeFileSync(CONFIG, `${right}thread = 1\n`);
        for (const {pid} of responders()) process.kill(pid, 'SIGKILL');
        const callback = await new Client().toCallback(link('jon'), 'Sales').catch(() => null);
        assert.equal(callback, null, 'nothing can be started');
        await page.goto(`${PUBLIC_URL}/connect/desk/callback?state=state-without-configuration&error=AccessDenied`,
            {timeout: 60000});
        assert.equal(await page.textContent('h1'), 'One moment, please');
        await photograph(page, 'shared-host-cannot-start');
        assert.match(hostLog(), new RegExp(`${CONFIG}:\\d+: there is no setting 'thread'`));
        writeFileSync(CONFIG, right);
        await page.waitForURL(/\/failed/, {timeout: 60000});
    } finally {
        writeFileSync(CONFIG, right);
        await close();
    }
});

test('o365.health() lists what is not protected here, and nothing else', () => {
    const listed = owner("select string_agg(severity || ' ' || object, ', ' order by object) from o365.health() "
        + "where code <> 'server_outdated'").split(', ');
    assert.deepEqual(listed, ['warning pgcrypto', 'warning roles', 'warning setting log_min_duration_statement',
        'warning setting log_statement', 'warning setting shared_preload_libraries']);
    const manual = readFileSync(join(process.env.ROOT, 'docs/operator.md'), 'utf8');
    for (const row of ['`roles`', '`sealing key ...`', '`pgcrypto`', '`database ...`',
        '`setting shared_preload_libraries`', '`setting log_statement`']) {
        assert.ok(manual.includes(`| ${row}`), `the manual does not explain ${row}`);
    }
});

test('the responder wrote nothing to the descriptors that are the host\'s error log', () => {
    // What a program writes there stands in the log without Apache's own beginning of a line. Only the refused
    // configuration did.
    const written = hostLog().split('\n')
        .filter((line) => line && !/^\[[^\]]+\] \[[a-z_0-9]+:[a-z0-9]+\] \[pid \d+/.test(line));
    assert.ok(written.length > 0);
    assert.deepEqual(written.filter((line) => !/^o365-connector\.fcgi: .*there is no setting 'thread'/.test(line)), []);
    assert.doesNotMatch(hostLog(), /mod_fcgid: stderr/);
});
