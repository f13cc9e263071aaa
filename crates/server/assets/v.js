// The check page (/v): opens the link of a QR code, or takes a file, and shows what the server found.
//
// The secret of a link stands behind the # of the address, which no browser sends; or it follows from a code that stands on
// paper and is typed here, or stands behind the # of a printed QR code. From it come two keys: a token, by
// which the server finds the sealed bundle, and a key, by which this page opens it (docs/spec/links.md). The server
// that stores links learns neither secret nor key; the bundle is sent to be checked and is not kept.
//
// All words come from the page's templates, so there is one place for them and both languages have them.

const text = new TextEncoder();
const LARGEST = 1024 * 1024; // a bundle file (docs/spec/limits.md)

// What this page works on. Lives in memory only: nothing of a pupil outlasts the tab.
const now = { secret: null, code: null, bundle: null, task: 0 };

/// A failure that has words of its own: the name of a `say-…` template, and the server's sentence where there is one.
class Failure extends Error {
  constructor(name, detail = '') {
    super(name);
    this.detail = detail;
  }
}

// --- bytes -----------------------------------------------------------------------------------------------------

function fromBase64url(encoded) {
  const plain = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

// --- codes on paper --------------------------------------------------------------------------------------------

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'; // Crockford: without I, L, O and U
const CODE = 16; // characters, the last one is the check

/// A code as somebody typed it, in its one form; null where it is mistyped, which the check character tells
/// (docs/spec/links.md §2; crates/app/src/code.rs has the same).
function parseCode(typed) {
  const times = (value) => (value & 16 ? (value << 1) ^ 0b10_0101 : value << 1);
  let code = '';
  let sum = 0;
  for (const c of typed.replace(/[\s.‐–-]/g, '').toUpperCase()) {
    const letter = { O: '0', I: '1', L: '1' }[c] ?? c;
    const value = ALPHABET.indexOf(letter);
    if (value < 0 || code.length === CODE) return null;
    sum = times(sum) ^ value;
    code += letter;
  }
  return code.length === CODE && sum === 0 ? code : null;
}

/// The secret that follows from a code: stretched, so that few characters are enough.
async function secretOfCode(code) {
  if (!globalThis.crypto?.subtle) throw new Failure('insecure');
  const material = await crypto.subtle.importKey('raw', text.encode(code), 'PBKDF2', false, ['deriveBits']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt: text.encode('hocba-code-v1'), iterations: 600_000 };
  return new Uint8Array(await crypto.subtle.deriveBits(how, material, 256));
}

// --- links -----------------------------------------------------------------------------------------------------

/// HKDF-SHA-256 (RFC 5869) with an empty salt: 32 bytes for this purpose.
async function derive(secret, purpose) {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: text.encode(purpose) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, material, 256));
}

/// The bundle behind a link.
async function openLink(secret, language) {
  if (!globalThis.crypto?.subtle) throw new Failure('insecure');
  const token = await derive(secret, 'hocba-link-token-v1');
  const answer = await ask(`/api/v1/links/open?lang=${language}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ token: base64url(token) }),
  });
  const { nonce, ciphertext } = await answer.json();
  const raw = await derive(secret, 'hocba-link-key-v1');
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt']);
  const aad = await crypto.subtle.digest('SHA-256', token);
  try {
    const how = { name: 'AES-GCM', iv: fromBase64url(nonce), additionalData: aad };
    return new Uint8Array(await crypto.subtle.decrypt(how, key, fromBase64url(ciphertext)));
  } catch {
    throw new Failure('sealed');
  }
}

/// A request whose failures are told apart: what the server says about links, and everything else, which is "could
/// not be checked" and never "forged".
async function ask(address, options) {
  let answer;
  try {
    answer = await fetch(address, { ...options, cache: 'no-store', credentials: 'same-origin', redirect: 'error' });
  } catch {
    throw new Failure('network');
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  const code = String(problem.type ?? '').split('/').pop();
  const known = { 'link-unknown': 'unknown', 'link-expired': 'expired', 'link-withdrawn': 'withdrawn', 'too-large': 'large' };
  throw new Failure(known[code] ?? 'network', problem.expired_at || problem.withdrawn_at ? problem.detail : '');
}

// --- the page --------------------------------------------------------------------------------------------------

const $ = (selector) => document.querySelector(selector);
const language = () => document.documentElement.lang;

/// Shows the template of this name in place of the result.
function say(name, detail = '') {
  const words = $(`#say-${name}`).content.cloneNode(true);
  const place = words.querySelector('[data-detail]');
  if (place) place.textContent = detail;
  show(words);
}

function show(content) {
  $('#result').replaceChildren(content);
  // Announced by itself: reading out the whole report would bury the verdict.
  $('#announce').textContent = $('#result .say')?.textContent ?? '';
}

/// While a link is opened, choosing another one is put away: what is shown above it would push it down, again and again.
function choosing(shown) {
  for (const part of document.querySelectorAll('#choose, #choose ~ p')) part.hidden = !shown;
}

/// Opens what is to be opened, has it checked, shows the verdict. A later run overtakes an earlier one.
async function run() {
  const task = ++now.task;
  const current = () => task === now.task;
  try {
    if (!now.bundle) {
      say('loading');
      if (now.code) {
        const secret = await secretOfCode(now.code);
        if (!current()) return;
        [now.secret, now.code] = [secret, null];
      }
      const bundle = await openLink(now.secret, language());
      if (!current()) return;
      now.bundle = bundle;
    }
    say('checking');
    const answer = await ask(`/v/report?lang=${language()}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/problem+json' },
      body: now.bundle,
    });
    // Our own server's page, with everything outside escaped by its templates.
    const fragment = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (!current()) return;
    show(document.adoptNode(fragment.querySelector('article')));
    window.scrollTo({ top: 0 });
  } catch (failure) {
    if (current()) say(failure instanceof Failure ? failure.message : 'network', failure.detail);
  } finally {
    if (current()) choosing(true);
  }
}

async function take(file) {
  if (!file) return;
  if (file.size > LARGEST) {
    now.task++;
    choosing(true);
    say('large');
    return;
  }
  now.secret = now.code = null;
  now.bundle = new Uint8Array(await file.arrayBuffer());
  await run();
}

/// Reads the link in the address, and takes it out of the address and the history.
function takeFragment() {
  const fragment = location.hash.slice(1);
  if (!fragment || fragment === 'main') return false;
  history.replaceState({ opened: true }, '', location.pathname + location.search);
  now.bundle = now.secret = now.code = null;
  try {
    now.secret = fromBase64url(fragment);
  } catch {
    now.secret = null;
  }
  if (now.secret?.length !== 32) now.secret = null;
  if (!now.secret) now.code = parseCode(fragment);
  if (now.secret || now.code) {
    choosing(false);
    run();
  } else {
    now.task++;
    choosing(true);
    say('broken');
  }
  return true;
}

/// Opens what the code in the field stands for. A mistyped one is told at once, and nothing is sent.
function takeCode() {
  const field = $('#code');
  const code = parseCode(field.value);
  $('#code-error').hidden = Boolean(code);
  field.setAttribute('aria-invalid', String(!code));
  if (!code) {
    field.focus();
    return;
  }
  now.bundle = now.secret = null;
  now.code = code;
  field.value = '';
  run();
}

/// The same page in the other language, with what was loaded still in hand.
async function speak(address) {
  let page;
  try {
    page = await (await ask(address, { headers: { accept: 'text/html' } })).text();
  } catch {
    location.assign(address);
    return;
  }
  const other = new DOMParser().parseFromString(page, 'text/html');
  const shown = now.bundle || now.secret || now.code;
  document.documentElement.lang = other.documentElement.lang;
  document.title = other.title;
  document.body.replaceWith(document.adoptNode(other.body));
  history.replaceState(history.state, '', address);
  $('[data-language]').focus();
  if (shown) await run();
}

function download() {
  const name = $('#result article')?.dataset.fileName ?? 'hoc-ba.hocba.json';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([now.bundle], { type: 'application/json' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Listeners hang on the document, which stays when the language changes the body.
document.addEventListener('click', (event) => {
  const hit = (selector) => event.target.closest?.(selector);
  if (hit('[data-retry]')) run();
  else if (hit('[data-print]')) window.print();
  else if (hit('[data-download]') && now.bundle) download();
  else if (hit('[data-language]') && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    speak(hit('[data-language]').href);
  }
});
document.addEventListener('change', (event) => {
  if (event.target.matches('input[type=file]')) take(event.target.files[0]);
});
document.addEventListener('submit', (event) => {
  event.preventDefault();
  if (event.target.matches('[data-code]')) takeCode();
  else take($('#file').files[0]);
});
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.documentElement.classList.add('dropping');
});
for (const over of ['dragleave', 'drop']) {
  document.addEventListener(over, () => document.documentElement.classList.remove('dropping'));
}
document.addEventListener('drop', (event) => {
  event.preventDefault();
  take(event.dataTransfer.files[0]);
});
window.addEventListener('hashchange', takeFragment);

document.documentElement.classList.add('scripted');
// A page that came with a report (a form sent before the script ran) shows that report; only a link replaces it.
if (!takeFragment() && history.state?.opened && !$('#result article')) say('reloaded');
