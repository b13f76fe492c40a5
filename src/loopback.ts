/** The names by which a machine calls itself, as a URL has them. */
export const loopbackNames: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

const anyName = String.raw`(?:localhost|127\.0\.0\.1|\[::1\])`;

/** The address of every client on this machine, as addresses and networks. */
export const loopbackNetworks: readonly string[] = ['127.0.0.0/8', '::1'];

/** Whether a server that listens on `host` is reached from this machine alone. */
export const isLoopbackHost = (host: string): boolean =>
  host === '::1' || (host !== '[::1]' && loopbackNames.includes(host));

/** A URL over http without query, of this machine. */
export const isLoopbackUrl = (text: string): boolean => loopbackUrl.test(text);
const loopbackUrl = new RegExp(String.raw`^http:\/\/${anyName}(?::\d{1,5})?(?:\/[^?#]*)?$`);

/** A page of this machine, under any port. */
export const isLoopbackOrigin = (origin: string): boolean => loopbackOrigin.test(origin);
const loopbackOrigin = new RegExp(String.raw`^https?:\/\/${anyName}(?::\d{1,5})?$`);

/** Whether what is sent to the host of a URL stays on this machine. */
export const staysHere = (hostname: string): boolean =>
  loopbackNames.includes(hostname) || /^127(?:\.\d{1,3}){3}$/.test(hostname);
