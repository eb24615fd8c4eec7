// A person's browser: headless Chromium, driven by `puppeteer-core`, with `axe-core` to look for what keeps people out.
//
// Every host name resolves to 127.0.0.1, so that `https://payroll.contoso.example:PORT` works and nothing leaves loopback.
// A profile is a browser of its own (an incognito context) and holds any number of tabs; tabs that pages open belong to it.
//
// Control calls, all with {tab} but the first: `/control/open`, `/control/tabs`, `/control/goto`, `/control/click`,
// `/control/fill`, `/control/press`, `/control/write`, `/control/submit`, `/control/hold`, `/control/wait`, `/control/page`, `/control/cookies`, `/control/set-cookie`,
// `/control/evaluate`, `/control/look`, `/control/screenshot`, `/control/axe`, `/control/requests`, `/control/console`,
// `/control/language`, `/control/close`, `/control/quit`. What each takes stands beside it.
import { readFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import puppeteer from 'puppeteer-core';
import { control, ready } from './lib/loopback.mjs';

const TIMEOUT = 30_000;
// A page that goes on by itself (a form that a script submits, a refresh of 0 seconds) starts to within this.
const QUIET = 300;
const REMEMBERED = 10_000;
const VIEW = { width: 1280, height: 800 };

const executablePath = (process.env.PATH ?? '').split(path.delimiter)
  .map((directory) => path.join(directory, 'chromium-headless-shell')).find(existsSync);
if (!executablePath) throw new Error('`chromium-headless-shell` is missing: install the Debian package of that name');

// Puppeteer's own profile would stay behind where this program has to end at once.
const userDataDir = mkdtempSync(path.join(tmpdir(), 'crossgate-browser-'));
const browser = await puppeteer.launch({
  executablePath,
  // Without the window around the page, which costs three times as much as all the rest.
  headless: 'shell',
  userDataDir,
  // Chromium ends when its end of the pipe does, however this program ended.
  pipe: true,
  defaultViewport: VIEW,
  timeout: 60_000,
  // Whom a profile asks is said when it is made, and is never the machine's own proxy.
  env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name))),
  args: [
    // Chromium's sandbox does not start as root.
    ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
    '--disable-dev-shm-usage',
    // The tests' certificates are their own; who the gateway trusts is not tested by a browser.
    '--ignore-certificate-errors',
    '--host-resolver-rules=MAP * 127.0.0.1',
    '--dns-over-https-mode=off',
    '--disable-domain-reliability',
    // Would try https first, on ports that speak http.
    '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter',
  ],
});
process.on('exit', () => {
  try {
    process.kill(-browser.process().pid, 'SIGKILL');
  } catch {
    // Ended already.
  }
  rmSync(userDataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});
browser.on('disconnected', () => process.exit(1));

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

// ---- profiles and tabs ------------------------------------------------------------------------------------------------

const profiles = new Map();
const tabs = new Map();
let numbered = 0;

const remember = (list, entry) => { if (list.length < REMEMBERED) list.push(entry); };

async function attach(profile, page) {
  // A page that another one opened is told of twice.
  const known = [...tabs.values()].find((tab) => tab.page === page);
  if (known) return known.id;
  numbered += 1;
  const tab = {
    id: `tab-${numbered}`, profile, page, document: null, requests: [], console: [], look: {}, loading: false, moved: Date.now(),
  };
  tabs.set(tab.id, tab);
  page.setDefaultTimeout(TIMEOUT);

  const entries = new WeakMap();
  page.on('request', (request) => {
    const entry = {
      url: request.url(),
      method: request.method(),
      type: request.resourceType(),
      status: null,
      location: null,
      error: null,
      redirects: request.redirectChain().map((before) => before.url()),
    };
    entries.set(request, entry);
    remember(tab.requests, entry);
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) tab.moved = Date.now();
  });
  page.on('response', (response) => {
    const request = response.request();
    const entry = entries.get(request);
    if (entry) Object.assign(entry, { status: response.status(), location: response.headers().location ?? null });
    const main = request.isNavigationRequest() && request.frame() === page.mainFrame();
    // An answer without content leaves the page that is there.
    if (main && response.status() !== 204) tab.document = { status: response.status(), headers: response.headers() };
  });
  page.on('requestfailed', (request) => {
    const entry = entries.get(request);
    if (entry) entry.error = request.failure()?.errorText ?? 'failed';
  });
  page.on('console', (message) => remember(tab.console, { type: message.type(), text: message.text() }));
  page.on('pageerror', (error) => remember(tab.console, { type: 'exception', text: String(error?.message ?? error) }));
  page.on('dialog', (dialog) => dialog.accept().catch(() => {}));
  page.on('popup', (opened) => { if (opened) attach(profile, opened).catch(() => {}); });
  page.on('close', () => tabs.delete(tab.id));

  tab.session = await page.createCDPSession();
  // Each tab as if it were the one in front: what has the focus is seen to have it.
  await tab.session.send('Emulation.setFocusEmulationEnabled', { enabled: true });
  const top = (frameId) => frameId === page.mainFrame()._id;
  const moves = (loading) => ({ frameId }) => {
    if (!top(frameId)) return;
    tab.loading = loading;
    tab.moved = Date.now();
  };
  tab.session.on('Page.frameStartedLoading', moves(true));
  tab.session.on('Page.frameStoppedLoading', moves(false));
  await tab.session.send('Page.enable');
  return tab.id;
}

function tabOf({ tab: id }) {
  const tab = tabs.get(id);
  if (!tab) throw new Error(`no tab ${id}`);
  return tab;
}

async function open({ profile = `profile-${numbered + 1}`, proxy }) {
  if (!profiles.has(profile)) {
    // The tests' own hosts are all `.example`.
    const context = { proxyServer: proxy ?? 'direct://', proxyBypassList: ['*.example'] };
    profiles.set(profile, await browser.createBrowserContext(context));
  }
  const page = await profiles.get(profile).newPage();
  return { tab: await attach(profile, page), profile };
}

async function close({ tab: id, profile }) {
  if (id) await tabOf({ tab: id }).page.close();
  if (!profile) return;
  const context = profiles.get(profile);
  if (!context) throw new Error(`no profile ${profile}`);
  profiles.delete(profile);
  for (const tab of [...tabs.values()]) if (tab.profile === profile) tabs.delete(tab.id);
  await context.close();
}

/** Lets the page do what it has been told to: on a busy machine that takes longer than any fixed time. */
async function breathe(tab) {
  const done = tab.session.send('Runtime.evaluate', {
    expression: 'new Promise((resolve) => { setTimeout(resolve); })', awaitPromise: true,
  });
  // A page that is being left answers never, or with an error.
  await Promise.race([done.catch(() => {}), sleep(1000)]);
}

/** Waits until the tab loads nothing and has not started to for a while. */
async function settle(tab) {
  const deadline = Date.now() + TIMEOUT;
  for (let seen = 0; ;) {
    if (tab.loading || Date.now() - tab.moved < QUIET) {
      if (Date.now() > deadline) throw new Error(`${tab.page.url()} was still loading after ${TIMEOUT / 1000} s`);
      await sleep(20);
    } else if (seen === tab.moved) {
      return;
    } else {
      seen = tab.moved;
      await breathe(tab);
    }
  }
}

const where = (tab) => ({ url: tab.page.url(), status: tab.document?.status ?? null });

/** Does `action`, sees whatever navigation follows to its end, and says where that led. */
async function moving(tab, action) {
  try {
    await action();
    await breathe(tab);
  } finally {
    tab.moved = Date.now();
    await settle(tab);
  }
  return where(tab);
}

async function goto(tab, url) {
  tab.document = null;
  return moving(tab, () => tab.page.goto(url, { waitUntil: 'load', timeout: TIMEOUT }));
}

async function page(tab) {
  await settle(tab);
  const [title, text, html] = await Promise.all([
    tab.page.title(), tab.page.evaluate('document.body ? document.body.innerText : ""'), tab.page.content(),
  ]);
  return { ...where(tab), title, text, html, headers: tab.document?.headers ?? {} };
}

async function element(tab, selector) {
  const found = await tab.page.$(selector);
  if (!found) throw new Error(`no ${selector} on ${tab.page.url()}`);
  return found;
}

async function fill(tab, selector, text) {
  const field = await element(tab, selector);
  const kind = await field.evaluate((node) => (node.matches('select') ? 'select' : node.type));
  if (kind === 'select') await field.select(text);
  else {
    await field.evaluate((node) => { node.value = ''; });
    await field.type(text);
  }
}

/** Sends the form as the Enter key would: checked by the page, with the button that it sends itself by. */
async function submit(tab, selector) {
  const form = await element(tab, selector);
  await form.evaluate((node) => {
    const own = node.matches('form') ? node : node.form ?? node.closest('form');
    own.requestSubmit(own.querySelector('button:not([type]), [type=submit]'));
  });
}

/** Has the tab stay where it is whatever leads on to addresses that begin like this; without one no more. */
async function hold(tab, address) {
  tab.session.removeAllListeners('Fetch.requestPaused');
  if (!address) return tab.session.send('Fetch.disable');
  tab.session.on('Fetch.requestPaused', ({ requestId }) => {
    tab.session.send('Fetch.fulfillRequest', { requestId, responseCode: 204 }).catch(() => {});
  });
  const urlPattern = `${address.replace(/[\\*?]/g, '\\$&')}*`;
  return tab.session.send('Fetch.enable', { patterns: [{ urlPattern, resourceType: 'Document' }] });
}

// ---- what a page looks like, and to whom --------------------------------------------------------------------------------

/** {width, height, dark, still}: stays so until said otherwise. */
async function look(tab, { width, height, dark, still }) {
  if (width || height) {
    const now = tab.page.viewport() ?? VIEW;
    await tab.page.setViewport({ ...now, width: width ?? now.width, height: height ?? now.height });
  }
  if (dark !== undefined) tab.look['prefers-color-scheme'] = dark ? 'dark' : 'light';
  if (still !== undefined) tab.look['prefers-reduced-motion'] = still ? 'reduce' : 'no-preference';
  await tab.page.emulateMediaFeatures(Object.entries(tab.look).map(([name, value]) => ({ name, value })));
}

async function screenshot(tab, { path: file, fullPage = false, ...looks }) {
  await look(tab, looks);
  await tab.page.screenshot({ path: file, fullPage, type: 'png' });
}

async function violations(tab) {
  // By the debugger, which a page's Content-Security-Policy does not bind.
  await tab.page.evaluate(axe);
  const found = await tab.page.evaluate("axe.run(document, { resultTypes: ['violations'], iframes: false })");
  return found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, help, nodes }) => ({
      id,
      impact,
      help,
      nodes: nodes.map(({ target, html, failureSummary: summary }) => ({ target: target.join(' '), html, summary })),
    }));
}

const address = await control({
  // {profile, proxy}: a new tab; a profile that is not there yet is made, without a name a new one. Where there is a `proxy`,
  // a new profile asks that for all hosts but the tests' own.
  '/control/open': open,
  // {profile}: the tabs of one, or all.
  '/control/tabs': ({ profile }) => ({
    tabs: [...tabs.values()].filter((tab) => !profile || tab.profile === profile)
      .map((tab) => ({ tab: tab.id, profile: tab.profile, url: tab.page.url() })),
  }),
  // {tab, url}, {tab, selector}: answer {url, status} when the page has come to rest, after all it did by itself.
  '/control/goto': ({ url, ...order }) => goto(tabOf(order), url),
  '/control/click': ({ selector, ...order }) => {
    const tab = tabOf(order);
    return moving(tab, async () => {
      // One behind another paints nothing, and what is not painted cannot be clicked.
      await tab.page.bringToFront();
      await (await element(tab, selector)).click();
    });
  },
  // {tab, selector}: the form itself or anything in it; the first form where not said.
  '/control/submit': ({ selector = 'form', ...order }) => {
    const tab = tabOf(order);
    return moving(tab, () => submit(tab, selector));
  },
  // {tab, selector, text}: types over what stands there, or chooses the option with that value.
  '/control/fill': ({ selector, text, ...order }) => fill(tabOf(order), selector, text),
  // {tab, key}: `Tab`, `Enter` and the like, where the focus is; answers like a click.
  '/control/press': ({ key, ...order }) => {
    const tab = tabOf(order);
    return moving(tab, () => tab.page.keyboard.press(key));
  },
  // {tab, text}: types where the focus is.
  '/control/write': ({ text, ...order }) => tabOf(order).page.keyboard.type(text),
  // {tab, address}: what leads on to addresses that begin so leads nowhere; null or none lets all through again.
  '/control/hold': async ({ address: start, ...order }) => { await hold(tabOf(order), start); },
  // {tab, selector}: until there is one; for what a script puts there. Without a selector until the tab is at rest.
  '/control/wait': async ({ selector, ...order }) => {
    const tab = tabOf(order);
    if (selector) await tab.page.waitForSelector(selector);
    else await moving(tab, () => {});
    return where(tab);
  },
  '/control/page': (order) => page(tabOf(order)),
  // Every cookie of the tab's profile, HttpOnly ones too.
  '/control/cookies': async (order) => ({ cookies: await tabOf(order).page.browserContext().cookies() }),
  // {tab, cookie}: as CDP's Network.setCookie takes it (`url` says whose it is); one whose value is null is deleted.
  '/control/set-cookie': async ({ cookie, ...order }) => {
    const { session } = tabOf(order);
    if (cookie.value === null) {
      const { value, ...which } = cookie;
      await session.send('Network.deleteCookies', which);
    } else if (!(await session.send('Network.setCookie', cookie)).success) {
      throw new Error(`the browser refuses ${JSON.stringify(cookie)}`);
    }
  },
  // {tab, script}: an expression; a promise is awaited.
  '/control/evaluate': async ({ script, ...order }) => ({ value: (await tabOf(order).page.evaluate(script)) ?? null }),
  '/control/look': ({ tab, ...looks }) => look(tabOf({ tab }), looks),
  // {tab, path, fullPage, width, height, dark, still}
  '/control/screenshot': ({ tab, ...picture }) => screenshot(tabOf({ tab }), picture),
  // {tab}: what is serious or critical.
  '/control/axe': async (order) => ({ violations: await violations(tabOf(order)) }),
  // {tab}: since last asked; every hop of a redirect is one.
  '/control/requests': (order) => ({ requests: tabOf(order).requests.splice(0) }),
  // {tab}: what the page and the browser itself (Content-Security-Policy, for one) complained of since last asked.
  '/control/console': (order) => ({ messages: tabOf(order).console.splice(0) }),
  // {tab, enabled}: whether pages may run scripts of their own from now on.
  '/control/scripts': ({ enabled, ...order }) => tabOf(order).page.setJavaScriptEnabled(enabled),
  // {tab, language}: the languages in order, `de-AT,de`; the browser weighs them itself.
  '/control/language': async ({ language, ...order }) => {
    const { session } = tabOf(order);
    const userAgent = await browser.userAgent();
    await session.send('Emulation.setUserAgentOverride', { userAgent, acceptLanguage: language });
  },
  // {tab} or {profile}, with all its cookies.
  '/control/close': close,
  // Ends all of it, when this is answered.
  '/control/quit': () => { setImmediate(() => process.exit(0)); },
});

ready({ control: address, profile: userDataDir });
