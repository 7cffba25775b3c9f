/**
 * The one policy of Trusted Types that the page allows: it makes the address of a worker of ours out of a name that the
 * build gave, and nothing else. No text ever becomes HTML or a script.
 */

type Policy = { createScriptURL(url: string): string };
type Policies = { createPolicy(name: string, rules: Policy): Policy };

const OURS = /^\/(assets\/[\w.-]+|sw)\.js$/;

function ours(url: string): string {
  const path = new URL(url, location.href);
  // In development the files have other names, and the page has no such rules.
  if (import.meta.env.DEV || (path.origin === location.origin && OURS.test(path.pathname))) return url;
  throw new TypeError(`no script of ours: ${url}`);
}

const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
const policy: Policy = policies?.createPolicy("tidings", { createScriptURL: ours }) ?? { createScriptURL: ours };

/** The address of a script of ours, as a browser with Trusted Types wants it. */
export function scriptUrl(url: string): string {
  return policy.createScriptURL(url);
}
