// The servers of a campaign: one that takes writes, and one that follows it synchronously and takes its place.
import {execFile, spawn} from 'node:child_process';
import {closeSync, openSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';

import {has, LOGS, patiently, pidOf, query, say, sleep, STACK_DIR} from './common.mjs';

// Each with the file system that its history is on (tests/faults/run mounts it).
const servers = [1, 2].map((n) => ({
    data: join(STACK_DIR, n === 1 ? 'pg' : 'pg-2'), port: String(5431 + n), disk: join(STACK_DIR, `disk-${n}`),
}));
let primary = servers[0], standby = servers[1], isReady = false;
const asPostgres = process.getuid() === 0 ? ['setpriv', '--clear-groups', '--inh-caps=+dac_read_search',
    '--ambient-caps=+dac_read_search', '--reuid=postgres', '--regid=postgres', '--'] : [];
const execute = promisify(execFile);
function run(...words) {
    const [command, ...rest] = [...asPostgres, ...words];
    return execute(command, rest, {cwd: '/'});
}

function start({data, port}, name) {
    const log = openSync(join(LOGS, 'postgres.out'), 'a');
    const [command, ...words] = [...asPostgres, 'postgres', '-D', data, '-p', port];
    const {PGPORT, ...env} = process.env;  // a server takes it for its own
    const child = spawn(command, words, {cwd: '/', env, detached: true, stdio: ['ignore', log, log]});
    closeSync(log);
    child.unref();
    writeFileSync(join(STACK_DIR, 'pids', name), `${child.pid}\n`);
}
/** The server that takes writes, after scripts/stack has stopped it. */
export const startPrimary = () => start(primary, 'postgres');
/** When PostgreSQL takes writes again. */
export const back = () => patiently(() => query('select 1'), 'PostgreSQL', 90).then(() => Date.now());

/** A new standby; when this is done, what is committed is on both. */
export async function prepareStandby() {
    await patiently(async () => {
        for (const folder of [standby.data, standby.disk]) {
            for (const entry of readdirSync(folder)) rmSync(join(folder, entry), {recursive: true});
        }
        const address = `host=${process.env.SOCKETS} port=${primary.port} user=postgres`;
        await run('pg_basebackup', '-d', address, '-D', standby.data, '-R', '-X', 'stream', '-c', 'fast',
            ...(has('disk') ? ['-T', `${primary.disk}=${standby.disk}`] : []));
    }, 'pg_basebackup', 300);
    start(standby, 'standby');
    // (!) Not in the copy: promoted, it has no standby, and would wait for one at each commit.
    await patiently(async () => {
        const [state] = await query("select sync_state from pg_stat_replication where state = 'streaming'");
        if (state === 'sync') return;
        if (state === 'async') {
            await query("alter system set synchronous_standby_names = '*'");
            await query('select pg_reload_conf()');
        }
        throw new Error(`the standby is ${state ?? 'not there'}`);
    }, 'the standby', 120);
    isReady = true;
}

/** The primary's machine is gone, and the standby takes its place; then a new standby is made, beside what goes on. */
export async function failOver() {
    if (!isReady) throw new Error('the standby is not ready');
    isReady = false;
    const main = pidOf('postgres');
    process.kill(main, 'SIGSTOP');  // it begins no further session while the others are listed
    const {stdout} = await execute('pgrep', ['-P', String(main)]);
    for (const pid of [...stdout.split('\n').filter(Boolean).map(Number), main]) {
        try {
            process.kill(pid, 'SIGKILL');
        } catch {}  // it has just ended
    }
    await sleep(200);
    const there = `host=${process.env.SOCKETS} port=${standby.port} dbname=postgres target_session_attrs=any`;
    await patiently(() => query('select pg_promote()', 'postgres', ['-d', there]), 'pg_promote', 60);
    [primary, standby] = [standby, primary];
    writeFileSync(join(STACK_DIR, 'pids', 'postgres'), `${pidOf('standby')}\n`);
    prepareStandby().catch((error) => say(`no new standby: ${error.message}`));
}

/** Whether a standby follows. */
export const ready = () => isReady;

/** Moves the history, and what it will grow by, to a file system of its own. */
export async function moveHistory() {
    await query(`create tablespace history location '${primary.disk}'`);
    await query(`do $$ declare r record; begin
        for r in select c.oid::regclass as name from pg_class as c where c.relnamespace = 'o365_internal'::regnamespace
                    and c.relkind in ('r', 'p') and c.relname ~ '^(delivery|attempt)(_|$)' loop
            execute format('alter table %s set tablespace history', r.name);
        end loop;
        for r in select c.oid::regclass as name from pg_class as c
                   join pg_index as i on i.indexrelid = c.oid join pg_class as t on t.oid = i.indrelid
                  where t.relnamespace = 'o365_internal'::regnamespace and c.relkind in ('i', 'I')
                    and t.relname ~ '^(delivery|attempt)(_|$)' loop
            execute format('alter index %s set tablespace history', r.name);
        end loop; end $$`);
}

/** The disk of the history is full for so long. */
export async function fillDisk(ms) {
    const ballast = join(primary.disk, 'ballast');
    await execute('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=256k']).catch(() => {});  // until it is full
    try {
        await sleep(ms);
    } finally {
        rmSync(ballast);
    }
}
