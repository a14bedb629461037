// A token that was fetched for these variables and is still good is left alone. Otherwise an assertion is signed here
// with PRIVATE_KEY and exchanged at IMS. The token is kept in ACCESS_TOKEN, its end in ACCESS_TOKEN_EXPIRES_AT (Unix
// seconds), what it was fetched for in ACCESS_TOKEN_FOR. If that fails, one failed test says why and the request is not
// sent. No token and no secret is ever printed, and no code is loaded from anywhere.
//
// newman 6 knows no WebCrypto: there the RSA arithmetic is done with BigInt.

const FLOW = 'jwt';
const DEFAULT_SCOPES = ['ent_dataservices_sdk'];
const ASSERTION_LIFE = 300;

const scopes = () => list('META_SCOPE', DEFAULT_SCOPES);

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
  for (const scope of scopes()) {
    claims[/^https?:\/\//i.test(scope) ? scope : `${ims}/s/${scope.replace(/^\/?s\//, '')}`] = true;
  }
  const signed = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => base64url(JSON.stringify(part))).join('.');
  return `${signed}.${base64url(await sign(signed, readKey(pem)))}`;
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
    const der = Array.from(Buffer.from(body, 'base64'));
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
const base64url = (bytes) => Buffer.from(bytes).toString('base64').replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

