// What the files 2_deliver share: cards and what became of them, faults of the far end, and workers of a test's own.
import {execFileSync, spawn} from 'node:child_process';
import {appendFileSync, chownSync, cpSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {after, before} from 'node:test';

import {asApplication, asSuperuser, BUILD, CONFIG, SANDBOX_URL, sql, stack, STACK_DIR, until} from './harness.mjs';

export const isNginx = process.env.SERVER === 'nginx';
export const subscription = (user) => asApplication(`select max(subscription_id) from o365.connections('${user}')`);
export const send = (id, text) => asApplication(`select o365.send(${id}, '${JSON.stringify({text})}')`);
export const outcome = (card) => asApplication(`select outcome from o365.deliveries where card_id = ${card}`);
// A worker as the stack starts it: program and arguments.
export const asWorker = (...words) => ['setpriv', ['--reuid=www-data', '--regid=www-data', '--clear-groups',
    '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--', `${BUILD}/o365-worker`, ...words]];
export const fault = (fields) => execFileSync('curl', ['-sS', '-o', '/dev/null', '--cacert', process.env.CA,
    ...Object.entries(fields).flatMap(([k, v]) => ['-d', `${k}=${v}`]), `${SANDBOX_URL}/faults`]);

// The shortest lease: what a killed worker held comes back in half a minute.
before(() => sql("select o365.set('post_timeout_seconds', '10'), o365.set('lease_seconds', '30')"));
after(() => sql("select o365.set('lease_seconds', '60'), o365.set('post_timeout_seconds', '20')"));

/** Runs `work` while PostgreSQL logs as little as an operator's: of cards in bulk its logs would take most of the
 * time. */
export async function quietly(work) {
    const quiet = {'auto_explain.log_min_duration': -1, log_statement: 'none', log_min_duration_statement: -1,
        log_min_messages: 'warning'};
    const change = (how) => {
        for (const [name, value] of Object.entries(quiet)) asSuperuser(`alter system ${how(name, value)}`);
        asSuperuser('select pg_reload_conf()');
    };
    change((name, value) => `set ${name} = '${value}'`);
    try {
        return await work();
    } finally {
        change((name) => `reset ${name}`);
    }
}

// A worker of its own with further settings in place of the stack's, for as long as `work` takes.
export async function withWorker(settings, work) {
    await stack('stop', 'worker');
    const config = join(STACK_DIR, 'conf/other-worker.conf');
    cpSync(CONFIG, config);
    appendFileSync(config, settings);
    chownSync(config, statSync(CONFIG).uid, statSync(CONFIG).gid);
    const worker = spawn(...asWorker('--config', config), {stdio: 'ignore'});
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    try {
        await work();
    } finally {
        worker.kill('SIGTERM');
        await ended;
        asSuperuser("update o365_internal.lane set next_at = now() where worker is null and why is distinct "
            + "from 'pause' and next_at > now()");
        await stack('start', 'worker');
        await until('the outbox to be empty', () => asSuperuser('select count(*) from o365_internal.outbox') === '0',
            60);
    }
}
export const lane = (id, columns) =>
    asSuperuser(`select ${columns} from o365_internal.lane where subscription_id = ${id}`);
