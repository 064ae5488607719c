/** Requests to the control plane, with the session's cookie and the page's CSRF token. */

const CSRF_COOKIE = 'drumline-csrf';
const PATIENCE = 15_000;

/** An unsuccessful answer, or none (status 0); the message is a sentence for people. */
export class Refusal extends Error {
  constructor(status, sentence, field) {
    super(sentence);
    this.status = status;
    /** The invalid field of the request, if the server names it. */
    this.field = field;
  }
}

/** Fetches JSON; undefined if the answer has none. */
export async function ask(path, { method = 'GET', json, form } = {}) {
  const headers = { accept: 'application/json, application/problem+json' };
  if (method !== 'GET') {
    headers['x-xsrf-token'] = csrfToken();
  }
  if (json !== undefined) {
    headers['content-type'] = 'application/json';
  }
  let answer;
  let text;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json),
      credentials: 'same-origin',
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE),
    });
    text = await answer.text();
  } catch {
    throw new Refusal(0, 'The node does not answer.');
  }
  const body = text !== '' && /json/.test(answer.headers.get('content-type')) ? JSON.parse(text) : undefined;
  if (!answer.ok) {
    throw new Refusal(answer.status, body?.detail ?? `The node answered ${answer.status}.`, body?.field);
  }
  return body;
}

/** `{ body }`, or `{ status, sentence }` if the node answers but rejects this request. */
export async function askFor(path) {
  try {
    return { body: await ask(path) };
  } catch (refusal) {
    if (refusal.status === 0 || refusal.status === 401) {
      throw refusal;
    }
    return { status: refusal.status, sentence: refusal.message };
  }
}

function csrfToken() {
  const cookie = document.cookie.split('; ').find(text => text.startsWith(`${CSRF_COOKIE}=`));
  return cookie === undefined ? '' : decodeURIComponent(cookie.slice(CSRF_COOKIE.length + 1));
}
