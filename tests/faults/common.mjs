// What the parts of a campaign share: its seed, sessions of the database, and patience.
import {execFile, spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {promisify} from 'node:util';

export const {LOGS, STACK_DIR, BUILD} = process.env;
const without = new Set((process.env.FAULTS_WITHOUT ?? '').split(',').filter(Boolean));
/** Whether a part of the campaign is on: digests, pauses, clocks, disk, failover or throttle. */
export const has = (part) => !without.has(part);
export const WORKERS = process.env.FAULTS_WORKERS.split(' ');  // names of parts, as scripts/stack takes them

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const say = (text) => console.log(`faults: ${text}`);
export const pidOf = (part) => Number(readFileSync(join(STACK_DIR, 'pids', part), 'utf8'));

/** mulberry32: a stream of numbers in [0, 1) that follows from a seed. */
export function stream(from) {
    let state = from >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const PSQL = ['-qXAt', '-v', 'ON_ERROR_STOP=1'];

/**
 * A database session, by psql. run() gives the lines of the answer and throws when the session is lost; the next run()
 * begins another.
 */
export class Session {
    constructor(role) { this.role = role; }
    async run(sql) {
        if (!this.psql || this.psql.exitCode !== null || this.psql.signalCode !== null) this.begin();
        const {psql} = this;
        const answer = new Promise((resolve, reject) => Object.assign(this, {resolve, reject}));
        psql.stdin.write(`${sql}\n\\echo --end--\n`);
        return answer;
    }
    begin() {
        const psql = spawn('psql', [...PSQL, '-U', this.role]);
        this.psql = psql;
        let text = '', errors = '';
        psql.stdin.on('error', () => {});
        psql.stderr.on('data', (part) => { errors += part; });
        psql.stdout.setEncoding('utf8').on('data', (part) => {
            text += part;
            if (!text.endsWith('--end--\n')) return;
            const lines = text.split('\n').slice(0, -2);
            text = '';
            this.resolve?.(lines);
        });
        psql.on('close', () => {
            if (this.psql === psql) this.psql = null, this.reject?.(new Error(errors.trim().split('\n')[0]));
        });
    }
    end() { this.psql?.stdin.end(); }
}

/** One statement, or several in one transaction, in a session of its own; the lines of the answer. */
export async function query(text, role = 'postgres', more = []) {
    const answer = await promisify(execFile)('psql', [...PSQL, '-U', role, ...more, '-c', text], {maxBuffer: 1 << 28});
    return answer.stdout.trim().split('\n').filter(Boolean);
}

/** Repeats until it works; throws when it has not for so long. */
export async function patiently(action, what, seconds = 120) {
    for (const end = Date.now() + seconds * 1000; ;) {
        try {
            return await action();
        } catch (error) {
            if (Date.now() > end) throw new Error(`${what} did not work for ${seconds} s: ${error.message}`);
            await sleep(100);
        }
    }
}
