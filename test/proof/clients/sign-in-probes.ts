/** What clients ask for once they were refused, to find out where they might sign in. */
type Probe = { readonly method: string; readonly path: string; readonly headers?: Record<string, string> };

const wellKnown = ['oauth-protected-resource', 'oauth-authorization-server', 'openid-configuration'];

const signInPaths = (mcpPath: string): readonly Probe[] => [
  ...wellKnown.flatMap((name) => [
    { method: 'GET', path: `/.well-known/${name}` },
    { method: 'GET', path: `/.well-known/${name}${mcpPath}` },
    { method: 'GET', path: `${mcpPath}/.well-known/${name}` },
  ]),
  { method: 'GET', path: '/authorize' },
  ...['/register', '/token'].map((path) => ({ method: 'POST', path })),
];

/** One line for each answer that would make a client of `mcpPath` start a sign-in, or wait for a stream. */
export async function probeSignIn(url: string, mcpPath: string, credential: Record<string, string>) {
  const failures: string[] = [];
  let asked = 0;
  const expectAnswer = async ({ method, path, headers = {} }: Probe, expected: readonly unknown[]) => {
    asked += 1;
    const body = method === 'POST' ? { body: '{}' } : {};
    const content = { 'content-type': 'application/json' };
    const answer = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...content, ...headers },
      ...body,
    });
    await answer.body?.cancel();
    const challenge =
      answer.headers.get('www-authenticate')?.replace(/, error_description="[^"]+"$/, '') ?? null;
    const got = [answer.status, answer.headers.get('allow') ?? challenge];
    const [wanted, shown] = [JSON.stringify(expected), JSON.stringify(got)];
    if (shown !== wanted) failures.push(`${method} ${path}: expected ${wanted}, got ${shown}`);
  };
  for (const probe of signInPaths(mcpPath)) await expectAnswer(probe, [404, null]);
  const accept = 'text/event-stream';
  for (const method of ['GET', 'DELETE'])
    await expectAnswer({ method, path: mcpPath, headers: { accept, ...credential } }, [405, 'POST']);
  const wrong = { authorization: 'Bearer tnt_nonsense' };
  for (const method of ['GET', 'DELETE', 'POST']) {
    await expectAnswer({ method, path: mcpPath }, [401, 'Bearer realm="tenantry"']);
    const refused = [401, 'Bearer realm="tenantry", error="invalid_token"'];
    await expectAnswer({ method, path: mcpPath, headers: wrong }, refused);
  }
  return { asked, failures };
}
