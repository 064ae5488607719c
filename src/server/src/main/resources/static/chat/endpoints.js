/** Which endpoints to connect to, and how long to wait before an attempt. */

/** A copy in random order, so that clients spread over the nodes in the list. */
export function shuffled(list, random = Math.random) {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}

/**
 * The addresses to choose from: those of `?endpoints=a,b` in the page's URL if the server allows
 * that, else the configured ones, which may be paths on the page's own host and port (if a proxy
 * serves both), else this node's own listener. Addresses from the URL must be WebSocket addresses,
 * and secure ones for a page loaded by https, since browsers allow no others.
 */
export function endpointsOf(location, settings) {
  const secure = location.protocol === 'https:';
  const given = settings.endpointsInUrl ? new URLSearchParams(location.search).get('endpoints') : null;
  const allowed = (given ?? '').split(',').map(text => text.trim()).filter(text => isWebSocket(text, secure));
  if (allowed.length > 0) {
    return allowed;
  }
  const scheme = secure ? 'wss' : 'ws';
  if (settings.endpoints.length > 0) {
    return settings.endpoints.map(
      endpoint => endpoint.startsWith('/') ? `${scheme}://${location.host}${endpoint}` : endpoint);
  }
  return [`${scheme}://${location.hostname}:${settings.port}${settings.path}`];
}

function isWebSocket(text, secure) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && (url.protocol === 'wss:' || (url.protocol === 'ws:' && !secure));
}

/**
 * Computes the wait between attempts: random, from 0 up to a limit that doubles with each failure
 * (full jitter). A connection counts as a success only once it has lasted, so that clients back off
 * from a server that answers CONNECTED and then closes.
 */
export class Backoff {
  #failures = 0;
  #window = 0;

  constructor({ first = 500, most = 15_000, random = Math.random } = {}) {
    this.first = first;
    this.most = most;
    this.random = random;
  }

  /** @param window milliseconds over which the server asked its clients to reconnect, or 0 */
  failed(window = 0) {
    this.#failures++;
    this.#window = window;
  }

  succeeded() {
    this.#failures = 0;
    this.#window = 0;
  }

  /** Milliseconds to wait before the next attempt; 0 before the first. */
  next() {
    if (this.#failures === 0) {
      return 0;
    }
    const doubled = Math.min(this.most, this.first * 2 ** (this.#failures - 1));
    return this.random() * Math.max(doubled, this.#window);
  }
}
