/* Relevo's service worker for push messages: a shop serves it as /relevo-push.js from its own domain, or takes it into its own
   worker with importScripts("https://…/relevo-push.js"). docs/push.md */
self.addEventListener("push", function (event) {
  var said = {};
  try { said = event.data.json(); } catch (_) { /* not ours, or empty: a browser wants something shown in any case */ }
  event.waitUntil(self.registration.showNotification(said.title || self.location.hostname, {
    body: said.body || "", tag: said.tag || "relevo", data: { url: said.url || "/" }
  }));
});
self.addEventListener("notificationclick", function (event) {
  event.notification.close();
  var url = new URL((event.notification.data || {}).url || "/", self.location.origin).href;
  if (!/^https?:/.test(url)) return;
  event.waitUntil(self.clients.openWindow(url));
});
