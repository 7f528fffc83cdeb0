// A signed token as Microsoft's service would send it, and the key that it is signed with.
// usage: action_token.mjs APP_ID ISSUER FOLDER writes FOLDER/bearer, /forged (signed by another key), and /keys, the
// keys as o365_programs.worker_signing_keys_fetched takes them
import {generateKeyPairSync, sign} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';

const [appId, issuer, folder] = process.argv.slice(2);
const tenant = '911e768c-8513-4b42-ae5a-19fca310182f';
const pair = () => generateKeyPairSync('rsa', {modulusLength: 2048});
const now = Math.floor(Date.now() / 1000);
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const text = [{typ: 'JWT', alg: 'RS256', kid: 'bench'}, {
    ver: '2.0', iss: issuer.replace('{tid}', tenant), aud: `api://auth-am-${appId}/${appId}`,
    azp: '48af08dc-f6d2-435f-b2a7-069abd99c086', tid: tenant, oid: '5f0c2b1a-7d43-4e0e-9d5b-6a1c9f3e2b10',
    preferred_username: 'megan@contoso.example', sub: 'x'.repeat(43), iat: now, nbf: now, exp: now + 7200,
}].map(encoded).join('.');
const token = (key) => `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
const {publicKey, privateKey} = pair();
const {n, e} = publicKey.export({format: 'jwk'});
writeFileSync(join(folder, 'bearer'), `${token(privateKey)}\n`);
writeFileSync(join(folder, 'forged'), `${token(pair().privateKey)}\n`);
writeFileSync(join(folder, 'keys'), JSON.stringify([{kid: 'bench', n, e, issuer: ''}]));
