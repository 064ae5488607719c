/** Requests to the control plane, with the session's cookie and the page's CSRF token. */

const CSRF_COOKIE = 'drumline-csrf';

/** An answer that is no success; the message is the server's sentence. */
export class Refusal extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

/** Fetches JSON; undefined where there is none. */
export async function ask(path, { method = 'GET', json, form } = {}) {
  const headers = { accept: 'application/json, application/problem+json' };
  if (method !== 'GET') {
    headers['x-xsrf-token'] = csrfToken();
  }
  if (json !== undefined) {
    headers['content-type'] = 'application/json';
  }
  const answer = await fetch(path, {
    method,
    headers,
    body: json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json),
    credentials: 'same-origin',
    redirect: 'error',
  });
  const text = await answer.text();
  const body = text !== '' && /json/.test(answer.headers.get('content-type')) ? JSON.parse(text) : undefined;
  if (!answer.ok) {
    throw new Refusal(answer.status, body?.detail ?? `The server answered ${answer.status}.`);
  }
  return body;
}

/** As `ask`, but undefined where this node does not have that, or not for this visitor. */
export async function askIfThere(path) {
  try {
    return await ask(path);
  } catch (refusal) {
    if (refusal.status === 404 || refusal.status === 403) {
      return undefined;
    }
    throw refusal;
  }
}

function csrfToken() {
  const cookie = document.cookie.split('; ').find(text => text.startsWith(`${CSRF_COOKIE}=`));
  return cookie === undefined ? '' : decodeURIComponent(cookie.slice(CSRF_COOKIE.length + 1));
}
