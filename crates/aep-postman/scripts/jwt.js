// aep-postman: a live access token for each request (Service Account, JWT).
//
// A token that is still good is left alone. Otherwise an assertion is signed here with PRIVATE_KEY and exchanged at
// IMS, and the token is kept in ACCESS_TOKEN, its end in ACCESS_TOKEN_EXPIRES_AT (Unix seconds). If that fails, one
// failed test says why and the request is not sent. No token and no secret is ever printed.
//
// Runs in newman 6, in the Postman CLI and in the app. newman 6 knows no await outside a function and no WebCrypto:
// there the RSA arithmetic is done with BigInt. No code is loaded from anywhere.
(() => {
  'use strict';

  const FLOW = 'jwt';
  const META_SCOPES = ['ent_dataservices_sdk'];
  const ASSERTION_LIFE = 300;

  async function tokenRequest(ims) {
    const fields = { client_id: required('API_KEY'), client_secret: await secret('CLIENT_SECRET') };
    fields.jwt_token = await assertion(ims, fields.client_id, await secret('PRIVATE_KEY'));
    hidden.push(fields.jwt_token);
    return {
      secondsPerUnit: 1 / 1000,
      request: {
        url: `${ims}/ims/exchange/jwt`,
        method: 'POST',
        header: { Accept: 'application/json' },
        body: {
          mode: 'formdata',
          formdata: Object.entries(fields).map(([key, value]) => ({ key, value, type: 'text' })),
        },
      },
    };
  }

  async function assertion(ims, clientId, pem) {
    const claims = {
      exp: Math.floor(Date.now() / 1000) + ASSERTION_LIFE,
      iss: required('IMS_ORG'),
      sub: required('TECHNICAL_ACCOUNT_ID'),
      aud: `${ims}/c/${clientId}`,
    };
    for (const scope of list('META_SCOPE', META_SCOPES)) {
      claims[/^https?:\/\//i.test(scope) ? scope : `${ims}/s/${scope.replace(/^\/?s\//, '')}`] = true;
    }
    const signed = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => base64url(ascii(JSON.stringify(part)))).join('.');
    return `${signed}.${base64url(String.fromCharCode(...(await sign(signed, readKey(pem)))))}`;
  }

  // -- RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2)

  async function sign(message, key) {
    try {
      return typeof crypto === 'object' && crypto.subtle ? await signWithWebCrypto(message, key) : signWithBigInt(message, key);
    } catch {
      // WebCrypto's own words are empty or speak of DER.
      throw new Error('PRIVATE_KEY is damaged: no valid signature can be made with it');
    }
  }

  async function signWithWebCrypto(message, { pkcs8 }) {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('pkcs8', Uint8Array.from(pkcs8), algorithm, false, ['sign']);
    const bytes = Uint8Array.from(message, (character) => character.charCodeAt(0));
    return new Uint8Array(await crypto.subtle.sign(algorithm.name, key, bytes));
  }

  function signWithBigInt(message, { pkcs1 }) {
    const [n, e, , p, q, dP, dQ, qInv] = elements(elements(pkcs1)[0].content)
      .slice(1)
      .map(({ content }) => BigInt(`0x${hex(content)}`));
    const digest = `3031300d060960864801650304020105000420${require('crypto-js').SHA256(message)}`;
    const length = Math.ceil(n.toString(16).length / 2);
    const padded = BigInt(`0x01${'ff'.repeat(length - 3 - digest.length / 2)}00${digest}`);

    // With the Chinese remainder theorem, four times as fast as with the private exponent.
    const fromP = power(padded % p, dP, p);
    const fromQ = power(padded % q, dQ, q);
    const quotient = ((((fromP - fromQ) % p) + p) * qInv) % p;
    const signature = fromQ + quotient * q;

    // A wrong signature made this way would give the key away, and a damaged key makes one.
    if (power(signature, e, n) !== padded) throw new Error('wrong signature');
    return signature.toString(16).padStart(length * 2, '0').match(/../g).map((byte) => parseInt(byte, 16));
  }

  function power(base, exponent, modulus) {
    let result = 1n;
    for (const bit of exponent.toString(2)) {
      result = (result * result) % modulus;
      if (bit === '1') result = (result * base) % modulus;
    }
    return result;
  }

  // -- the key: PEM, PKCS#8 or PKCS#1, its line ends real, written as \n, or lost on the way

  const RSA_ALGORITHM = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];

  function readKey(value) {
    const pem = value.replace(/\\[rn]/g, '\n');
    const [, label, body] = /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END/.exec(pem) || [];
    if (!label) throw new Error('PRIVATE_KEY is not a PEM key: it starts with -----BEGIN PRIVATE KEY-----');
    if (label === 'ENCRYPTED PRIVATE KEY' || /Proc-Type/.test(pem)) {
      throw new Error('PRIVATE_KEY is encrypted; decrypt it with `openssl pkcs8 -topk8 -nocrypt -in private.key`');
    }
    if (label !== 'PRIVATE KEY' && label !== 'RSA PRIVATE KEY') {
      throw new Error(`PRIVATE_KEY holds ${label}; the private key starts with -----BEGIN PRIVATE KEY-----`);
    }
    try {
      const der = bytesOf(atob(body.replace(/\s+/g, '')));
      const [, second, third] = elements(elements(der)[0].content);
      // The second element tells the forms apart: the algorithm (PKCS#8), or the modulus (PKCS#1).
      if (second.tag === 0x02) return { pkcs1: der, pkcs8: wrap(0x30, [2, 1, 0, ...RSA_ALGORITHM, ...wrap(0x04, der)]) };
      if (!hex(second.content).startsWith(hex(RSA_ALGORITHM.slice(2, 13)))) throw new Error('not RSA');
      return { pkcs1: third.content, pkcs8: der };
    } catch {
      throw new Error('PRIVATE_KEY is damaged, or it is not an RSA key');
    }
  }

  /** The elements of a DER structure, one after another. */
  function elements(der) {
    const found = [];
    for (let at = 0; at < der.length; ) {
      const tag = der[at];
      let length = der[at + 1];
      let start = at + 2;
      if (length > 0x7f) {
        const octets = der.slice(start, start + length - 0x80);
        start += octets.length;
        length = parseInt(hex(octets), 16);
      }
      at = start + length;
      if (!(at <= der.length)) throw new Error('truncated'); // also where a length is missing
      found.push({ tag, content: der.slice(start, at) });
    }
    return found;
  }

  function wrap(tag, content) {
    const size = content.length.toString(16);
    const octets = (size.length % 2 ? `0${size}` : size).match(/../g).map((octet) => parseInt(octet, 16));
    return [tag, ...(content.length > 0x7f ? [0x80 + octets.length, ...octets] : octets), ...content];
  }

  // -- bytes

  const hex = (bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const bytesOf = (binary) => Array.from(binary, (character) => character.charCodeAt(0));
  const base64url = (binary) => btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const ascii = (json) => json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

  // ---- from here on oauth.js and jwt.js are the same; a test compares them ----

  const TEST_NAME = 'aep: access token';
  const RENEWAL_MARGIN = 300; // seconds before the end, or a tenth of the token's life if that is less
  const LONGEST_LIFE = 86400;
  const CURE =
    'Run `aep-postman environment -o FILE` for a fresh token (with `--with-secret` this script renews it by itself) and import FILE.';

  // What must never be shown, whatever the other side sends back to us.
  const hidden = [];

  /** Sees to it that the request about to be sent carries a live token, or is not sent. */
  async function main() {
    dropEmptySandboxHeader();
    const now = Math.floor(Date.now() / 1000);
    const secondsLeft = isToken(text('ACCESS_TOKEN')) ? Number(text('ACCESS_TOKEN_EXPIRES_AT')) - now : 0;
    if (secondsLeft > margin(text('ACCESS_TOKEN'))) return;

    const usable = secondsLeft > 0;
    try {
      const ims = imsUrl();
      if (isImsRequest(ims)) return;
      // A token that is still good is not worth a long wait.
      store(await fetchToken(ims, usable ? 3 : 10), now);
    } catch (error) {
      if (!usable) stop(error);
    }
  }

  async function fetchToken(ims, patience) {
    const { request, secondsPerUnit } = await tokenRequest(ims);
    const answer = read(await within(patience, send(request), 'IMS did not answer in time'));
    return { token: answer.access_token, life: lifeOf(answer, secondsPerUnit) };
  }

  function store({ token, life }, now) {
    pm.environment.set('ACCESS_TOKEN', token);
    // Without a life the token serves this request, and the next one renews it.
    pm.environment.set('ACCESS_TOKEN_EXPIRES_AT', String(life > 0 ? now + life : 0));
    // Only a token that does not tell its own life needs a note of it, for the margin.
    if (claimedLife(token) === undefined) pm.environment.set('ACCESS_TOKEN_LIFE', String(life));
    else pm.environment.unset('ACCESS_TOKEN_LIFE');
  }

  /** One failed test, and no request: an exception alone would let the request go out with the old token. */
  function stop(error) {
    const message = `${clean(error.message || error.code || 'the token could not be renewed')}. ${error.cure || CURE}`;
    pm.test(TEST_NAME, () => {
      throw new Error(message);
    });
    pm.execution.skipRequest();
  }

  // -- the answer

  function read(response) {
    const answer = parsed(response.text());
    if (!answer || typeof answer !== 'object') {
      throw new Error(`IMS answered ${response.code} with something other than JSON`);
    }
    if (answer.error) {
      const words = [answer.error, answer.error_description].filter((word) => typeof word === 'string').map(clean);
      const id = response.headers.get('x-debug-id');
      const migrated = response.code >= 500 && answer.error === 'internal_error' && FLOW === 'jwt';
      throw Object.assign(new Error(`IMS refused: ${words.join(': ')}${id ? ` (x-debug-id ${clean(id)})` : ''}`), {
        cure: migrated
          ? 'A credential that was migrated to OAuth answers so: use `aep-postman script --flow oauth`.'
          : undefined,
      });
    }
    if (response.code !== 200) throw new Error(`IMS answered ${response.code}`);
    if (!isToken(answer.access_token)) throw new Error('IMS answered without a token that a header may hold');
    hidden.push(answer.access_token);
    return answer;
  }

  function isToken(value) {
    // Postman would resolve {{…}} inside a variable's value.
    return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) && !value.includes('{{');
  }

  function margin(token) {
    const life = claimedLife(token) ?? (Number(text('ACCESS_TOKEN_LIFE')) || LONGEST_LIFE);
    return Math.min(RENEWAL_MARGIN, life / 10);
  }

  function lifeOf(answer, secondsPerUnit) {
    const life = claimedLife(answer.access_token) ?? number(answer.expires_in) * secondsPerUnit;
    return Math.max(0, Math.floor(Math.min(life || 0, LONGEST_LIFE)));
  }

  /** The life, in seconds, that an IMS token tells of itself: a claim in milliseconds, as a string. */
  function claimedLife(token) {
    let claims;
    try {
      claims = parsed(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
    } catch {
      return undefined;
    }
    const life = number(claims?.expires_in) / 1000;
    return Number.isNaN(life) ? undefined : life;
  }

  function number(value) {
    return typeof value === 'number' || (typeof value === 'string' && value.trim()) ? Number(value) : NaN;
  }

  function parsed(json) {
    try {
      return JSON.parse(json);
    } catch {
      return undefined;
    }
  }

  function clean(words) {
    let shown = String(words);
    for (const secret of hidden) shown = shown.split(secret).join('***');
    // eslint-disable-next-line no-control-regex -- these are what must not reach a terminal
    shown = shown.replace(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim();
    return shown.length > 300 ? `${shown.slice(0, 300)}…` : shown;
  }

  // -- the settings

  function text(name) {
    const value = pm.variables.get(name);
    return value === undefined || value === null ? '' : String(value).trim();
  }

  function required(name) {
    const value = text(name);
    if (!value) throw new Error(`the variable ${name} is not set`);
    return value;
  }

  /** A comma or space separated list, or an array, or an array as JSON text: all of them are in use. */
  function list(name, preset) {
    const value = pm.variables.get(name);
    const array = Array.isArray(value) ? value : parsed(text(name));
    const items = (Array.isArray(array) ? array : [text(name)]).flatMap((item) => String(item).split(/[\s,]+/));
    const named = items.filter(Boolean);
    return named.length ? named : preset;
  }

  /** A secret from the variables, else from Postman's vault, which may be absent, closed or refused by the user. */
  async function secret(name) {
    const value = text(name);
    const reference = /^\{\{vault:([^{}]+)\}\}$/.exec(value);
    let found = reference ? '' : value;
    if (!found) {
      try {
        const entry = reference ? reference[1].trim() : `aep_${name.toLowerCase()}`;
        found = String((await within(60, pm.vault.get(entry), 'no answer')) ?? '').trim();
      } catch {
        found = '';
      }
    }
    if (!found) throw new Error(`the access token has expired, and there is no ${name} to renew it with`);
    hidden.push(found);
    return found;
  }

  /** The base of all IMS addresses, without a slash at the end; a secret goes nowhere else. */
  function imsUrl() {
    const form = /^(?:(https?):\/\/)?(\[[\da-f:]+\]|[\da-z.-]+)(:\d{1,5})?\/*$/i;
    const [match, scheme = 'https', host, port = ''] = form.exec(text('IMS') || 'ims-na1.adobelogin.com') || [];
    if (!match) throw new Error('the variable IMS is neither a host nor an https URL');
    if (scheme.toLowerCase() === 'http' && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(host)) {
      throw new Error('the variable IMS asks for plain http, which is for loopback alone');
    }
    return `${scheme}://${host}${port}`.toLowerCase();
  }

  // -- the request about to be sent

  /** Whether it is a token request itself, as Adobe's own collections have one. */
  function isImsRequest(ims) {
    // Those write https://{{IMS}}/…, which has two schemes where IMS is a URL.
    const bare = (url) => url.toLowerCase().replace(/^(https?:\/\/)+/, '').replace(/^([^/?#]+):443(?=[/?#]|$)/, '$1');
    return bare(pm.variables.replaceIn(pm.request.url.toString())).startsWith(`${bare(ims)}/ims/`);
  }

  function dropEmptySandboxHeader() {
    const unset = (value) => !value.trim() || value.includes('{{');
    const empty = pm.request.headers
      .filter((header) => /^x-sandbox-name$/i.test(header.key))
      .some((header) => unset(pm.variables.replaceIn(String(header.value ?? ''))));
    if (empty) pm.request.headers.remove('x-sandbox-name');
  }

  // -- the sandbox

  function send(request) {
    return new Promise((resolve, reject) => {
      pm.sendRequest(request, (error, response) => {
        // newman's error has a code and no message.
        if (error) reject(new Error(`IMS cannot be reached: ${error.message || error.code || 'connection failed'}`));
        else resolve(response);
      });
    });
  }

  function within(seconds, promise, otherwise) {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(otherwise)), seconds * 1000);
    });
    return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
  }

  // The sandbox waits for timers and for its own requests, not for other promises.
  const waiting = setInterval(() => {}, 100);
  main()
    .catch(stop)
    .finally(() => clearInterval(waiting));
})();
// aep-postman: end
