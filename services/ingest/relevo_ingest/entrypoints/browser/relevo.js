/* Relevo for the pages of a shop: <script async src="…/relevo.js" data-shop="tea" data-key="pk_…"></script>
   No dependencies, no cookies. Before consent it keeps nothing in the browser, unless data-consent="assumed". docs/storefront.md */
(function (w, d) {
  "use strict";
  var me = d.currentScript || d.querySelector("script[data-shop][data-key]");
  if (!me || (w.relevo && w.relevo.version)) return;
  var opts = me.dataset, url = new URL("/t/" + encodeURIComponent(opts.shop), opts.host || me.src).href;
  var KEEP = "relevo." + opts.shop + ".", MOST = 100, BATCH = 20, MAX = 60000, LONGEST_PAUSE = 300000;
  var memory = {}, queue = [], timer = 0, pause = 0, sending = false, last = "";

  // What is kept: in memory alone until the visitor may be remembered. The choice itself is always kept.
  function allowed() { var c = choice(); return c === "granted" || (c !== "denied" && opts.consent === "assumed"); }
  function choice() { return stored("consent") || ""; }
  function stored(name) { try { return w.localStorage.getItem(KEEP + name) || memory[name]; } catch (_) { return memory[name]; } }
  function store(name, value, always) {
    memory[name] = value;
    if (!always && !allowed()) return;
    try { w.localStorage.setItem(KEEP + name, value); } catch (_) { /* full or forbidden: memory has it */ }
  }
  function forget(name) { delete memory[name]; try { w.localStorage.removeItem(KEEP + name); } catch (_) { /* nothing there */ } }
  function random() {
    var bytes = w.crypto.getRandomValues(new Uint8Array(18));
    return btoa(String.fromCharCode.apply(null, bytes)).replace(/\+/g, "-").replace(/\//g, "_");
  }
  function visitor() { var id = stored("id"); if (!id) { id = random(); store("id", id); } return id; }

  function track(type, data) {
    var asked = /^(consent|back_in_stock|price_drop)\.requested$|^form\.submitted$/.test(type);
    if (!asked && !allowed()) {
      if (choice() === "denied") return Promise.resolve(false);
      if (queue.length >= MOST) return Promise.resolve(false);
    }
    var done, event = { id: random(), type: type, at: new Date().toISOString(), data: data || {} };
    var promise = new Promise(function (resolve) { done = resolve; });
    queue.push({ event: event, asked: asked, done: done });
    if (queue.length > MOST) queue.shift().done(false);
    save(); later(asked || type === "identify" ? 0 : 1000);
    return promise;
  }
  function save() { if (allowed()) store("queue", JSON.stringify(queue.map(function (q) { return [q.event, q.asked]; }))); }
  function restore() {
    try {
      JSON.parse(stored("queue") || "[]").forEach(function (q) { queue.push({ event: q[0], asked: q[1], done: function () {} }); });
    } catch (_) { forget("queue"); }
  }
  function ready() { var ok = allowed(); return queue.filter(function (q) { return ok || q.asked; }).slice(0, BATCH); }
  function body(some) {
    return JSON.stringify({ key: opts.key, anonymous_id: allowed() ? visitor() : "", consent: choice(), sent_at: new Date().toISOString(),
      locale: d.documentElement.lang || w.navigator.language || "", events: some.map(function (q) { return q.event; }) });
  }
  function later(ms) { if (!timer && !sending) timer = setTimeout(function () { timer = 0; send(); }, Math.max(ms, pause)); }
  function taken(some, ok) { queue = queue.filter(function (q) { return some.indexOf(q) < 0; }); save(); some.forEach(function (q) { q.done(ok); }); }
  function send() {
    var some = ready();
    if (!some.length || sending) return;
    while (some.length > 1 && new Blob([body(some)]).size > MAX) some.pop();
    sending = true;
    w.fetch(url, { method: "POST", body: body(some), keepalive: true, credentials: "omit", mode: "cors", headers: { "Content-Type": "text/plain" } })
      .then(function (answer) {
        if (answer.status === 429 || answer.status >= 500) throw +answer.headers.get("Retry-After") || 1;
        pause = 0; taken(some, answer.ok); // what was refused will be refused again
      })
      .catch(function (seconds) { // away or busy: again later, each time after twice as long
        pause = Math.min(LONGEST_PAUSE, Math.max(1000 * (+seconds || 0), pause * 2 || 1000) * (1 + Math.random() / 4));
      })
      .then(function () { sending = false; if (ready().length) later(0); });
  }
  function leave() { // the page goes: what is left goes with it; if the beacon is not taken, the queue is kept
    var some = ready();
    if (sending || pause || !some.length || !w.navigator.sendBeacon) return;
    if (w.navigator.sendBeacon(url, new Blob([body(some)], { type: "text/plain" }))) taken(some, true);
  }

  function campaign() {
    var q = new URLSearchParams(w.location.search), found = {}, names = { utm_source: "source", utm_medium: "medium", utm_campaign: "name", utm_term: "term", utm_content: "content" };
    Object.keys(names).forEach(function (name) { if (q.get(name)) found[names[name]] = q.get(name); });
    return Object.keys(found).length ? found : undefined;
  }
  function page(data) {
    last = w.location.href;
    return track("page.viewed", Object.assign({ url: last, title: d.title, referrer: d.referrer, campaign: campaign() }, data));
  }
  function moved() { setTimeout(function () { if (w.location.href.split("#")[0] !== last.split("#")[0]) page(); }, 0); }
  function visit() { // a link in a mail says who opens it; nobody else should read it off the address
    var here = new URL(w.location.href), token = here.searchParams.get("rlv");
    if (!token) return;
    here.searchParams.delete("rlv");
    w.history.replaceState(w.history.state, "", here.href);
    track("visit", { token: token });
  }

  // Push messages: the shop serves relevo-push.js from its own domain; data-push-key is the public key of who sends.
  function pushes() { return opts.pushKey && "serviceWorker" in w.navigator && "PushManager" in w && "Notification" in w; }
  function worker() { return w.navigator.serviceWorker.register(opts.pushWorker || "/relevo-push.js"); }
  function subscribed(found, asked) {
    var keys = found.toJSON().keys || {}, known = found.endpoint;
    if (!asked && stored("push") === known) return Promise.resolve(true);
    return track("push.subscribed", { endpoint: known, p256dh: keys.p256dh, auth: keys.auth, asked: asked })
      .then(function (ok) { if (ok) store("push", known); return ok; });
  }
  function push(what) {
    if (!pushes()) return Promise.resolve(false);
    if (what === "off") return worker().then(function (one) { return one.pushManager.getSubscription(); }).then(function (found) {
      forget("push");
      return found ? found.unsubscribe().then(function () { return track("push.unsubscribed", { endpoint: found.endpoint }); }) : false;
    });
    return w.Notification.requestPermission().then(function (said) { // to be called when the visitor pressed something
      if (said !== "granted") return false;
      return worker().then(function () { return w.navigator.serviceWorker.ready; }).then(function (one) {
        return one.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: opts.pushKey });
      }).then(function (found) { return subscribed(found, true); });
    });
  }
  function refresh() { // a browser may renew its subscription by itself
    if (!pushes() || !stored("push") || w.Notification.permission !== "granted") return;
    worker().then(function (one) { return one.pushManager.getSubscription(); }).then(function (found) { if (found) subscribed(found, false); });
  }

  var api = {
    track: track, page: page, push: push,
    identify: function (token) {
      var who = String(token).split(".").slice(2).join(".");
      if (!who || stored("known") === who) return Promise.resolve(false);
      return track("identify", { token: token }).then(function (ok) { if (ok) store("known", who); return ok; });
    },
    consent: function (given) {
      if (given === undefined) return choice();
      store("consent", given, true);
      if (given === "denied") { ["id", "queue", "known", "push"].forEach(forget); queue = queue.filter(function (q) { return q.asked; }); }
      else { Object.keys(memory).forEach(function (name) { store(name, memory[name]); }); save(); later(0); }
      d.dispatchEvent(new CustomEvent("relevo:consent", { detail: given }));
    },
    reset: function () { leave(); queue = []; ["id", "known", "queue", "push"].forEach(forget); }, // signed out: the next is somebody else
    flush: function () { send(); }
  };
  function relevo(name) { return api[name] && api[name].apply(null, [].slice.call(arguments, 1)); }
  relevo.version = 1;
  relevo.track = track;
  var early = (w.relevo && w.relevo.q) || [];
  w.relevo = relevo;

  function forms() { // a page without forms does not load them
    if (!d.querySelector("[data-relevo-form]")) return;
    var more = d.createElement("script");
    more.src = new URL("relevo-forms.js", me.src).href; more.nonce = me.nonce;
    d.head.append(more);
  }
  if (d.readyState === "loading") d.addEventListener("DOMContentLoaded", forms); else forms();

  restore(); visit(); refresh();
  if (opts.pages !== "off") {
    page();
    ["pushState", "replaceState"].forEach(function (name) {
      var own = w.history[name];
      w.history[name] = function () { var out = own.apply(this, arguments); moved(); return out; };
    });
    w.addEventListener("popstate", moved);
  }
  d.addEventListener("visibilitychange", function () { if (d.visibilityState === "hidden") leave(); });
  w.addEventListener("pagehide", leave);
  w.addEventListener("online", function () { pause = 0; later(0); });
  early.forEach(function (args) { relevo.apply(null, args); });
  later(1000);
})(window, document);
