/* The forms of a shop's pages: <div data-relevo-form="newsletter"></div>, also "back-in-stock", "price-drop" and "survey". */
(function (w, d) {
  "use strict";
  var WORDS = /*WORDS*/{};
  var style = ".relevo-form{font:inherit;color:inherit;max-width:28rem}.relevo-form form{display:grid;gap:.75rem;margin:0}.relevo-form form[hidden]{display:none}" +
    ".relevo-form label,.relevo-form legend{font-weight:600;padding:0}.relevo-form fieldset{border:0;margin:0;padding:0;min-width:0}" +
    ".relevo-form input:not([type=radio]):not([type=checkbox]),.relevo-form textarea{font:inherit;width:100%;box-sizing:border-box;padding:.6rem .75rem;margin-top:.25rem;color:inherit;background:transparent;border:1px solid currentColor;border-radius:6px}" +
    ".relevo-form button{font:inherit;font-weight:600;padding:.7rem 1.25rem;border:0;border-radius:6px;background:var(--relevo-main,#1f4f46);color:var(--relevo-on,#fff);cursor:pointer;justify-self:start}" +
    ".relevo-form :focus-visible{outline:3px solid var(--relevo-focus,#2b7de9);outline-offset:2px}.relevo-form [aria-invalid=true]{border-width:2px}" +
    ".relevo-form .relevo-scale{display:flex;flex-wrap:wrap;gap:.25rem .75rem;margin-top:.25rem}.relevo-form .relevo-scale label,.relevo-form .relevo-agree{font-weight:400}" +
    ".relevo-form .relevo-say:empty{display:none}.relevo-form .relevo-say{margin:0}.relevo-form .relevo-more{position:absolute!important;left:-10000px}";
  var count = 0;

  function words(box) {
    var wanted = (box.dataset.lang || (box.closest("[lang]") || d.documentElement).lang || w.navigator.language || "en").toLowerCase();
    return WORDS[wanted.split("-")[0]] || WORDS.en;
  }
  function el(name, attributes, children) {
    var one = d.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) { one.setAttribute(key, attributes[key]); });
    (children || []).forEach(function (child) { one.append(child); });
    return one;
  }
  function field(id, label, attributes) {
    return el("div", {}, [el("label", { for: id }, [label]), el("input", Object.assign({ id: id }, attributes))]);
  }
  function scale(id, from, to, question) {
    var choices = [];
    for (var n = from; n <= to; n++) choices.push(el("label", {}, [el("input", { type: "radio", name: "score", value: n, required: "" }), " " + n]));
    return el("fieldset", {}, [el("legend", {}, [question]), el("div", { class: "relevo-scale" }, choices)]);
  }

  function make(box) {
    var kind = box.dataset.relevoForm, say = words(box), id = "relevo-" + ++count, data = box.dataset;
    if (!say[kind] || box.querySelector("form")) return;
    var status = el("p", { class: "relevo-say", role: "status", "aria-live": "polite" });
    var problem = el("p", { class: "relevo-say", role: "alert", id: id + "-problem" });
    var email = field(id + "-email", say.email, { type: "email", name: "email", required: "", autocomplete: "email", "aria-describedby": id + "-problem" });
    var own = [];
    if (kind === "survey") own = [scale(id, +(data.from || 0), +(data.to || 10), data.question || say.question), el("div", {}, [el("label", { for: id + "-why" }, [data.comment || say.comment]), el("textarea", { id: id + "-why", name: "comment", rows: 3, maxlength: 2000 })])];
    else own = [email];
    var wording = data.wording || say.wording;
    if (kind === "newsletter") own.push(el("label", { class: "relevo-agree" }, [el("input", { type: "checkbox", name: "agree", required: "" }), " " + wording]));
    // People don't see it and can't reach it by the keyboard; programs fill it in.
    own.push(el("div", { class: "relevo-more", "aria-hidden": "true" }, [el("input", { name: "website", tabindex: "-1", autocomplete: "off", "aria-label": "website" })]));
    var button = el("button", { type: "submit" }, [data.button || say[kind]]);
    var form = el("form", { novalidate: "", "aria-label": data.title || say[kind] }, own.concat([problem, button]));
    box.classList.add("relevo-form");
    box.append(form, status);
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var wrong = [].slice.call(form.elements).filter(function (one) { return one.willValidate && !one.checkValidity(); });
      [].slice.call(form.elements).forEach(function (one) { one.removeAttribute("aria-invalid"); });
      problem.textContent = "";
      if (wrong.length) {
        wrong[0].setAttribute("aria-invalid", "true");
        problem.textContent = wrong[0].name === "email" ? say.badEmail : wrong[0].name === "agree" ? say.agree : say.choose;
        return wrong[0].focus();
      }
      if (form.elements.website.value) return finish(); // a program: it may think that it was heard
      button.disabled = true;
      var sent = w.relevo.track.apply(null, hit(kind, form.elements, data, wording));
      var waited = setTimeout(function () { status.textContent = say.wait; }, 3000);
      sent.then(function (ok) {
        clearTimeout(waited); button.disabled = false; status.textContent = "";
        if (ok) finish(); else problem.textContent = say.failed;
      });
    });
    function finish() {
      form.hidden = true;
      status.textContent = kind === "newsletter" ? say.confirm : say.thanks;
      status.tabIndex = -1; status.focus();
      box.dispatchEvent(new CustomEvent("relevo:sent", { bubbles: true, detail: kind }));
    }
  }
  function hit(kind, inputs, data, wording) {
    var here = w.location.href.split(/[?#]/)[0], email = inputs.email && inputs.email.value.trim();
    if (kind === "newsletter") return ["consent.requested", { email: email, form: data.form || "newsletter", form_url: here, wording: wording, wording_version: data.version || "", list_id: data.list || "", locale: d.documentElement.lang }];
    if (kind === "survey") return ["form.submitted", { form: data.form || "survey", url: here, fields: { score: (inputs.score && [].slice.call(inputs).filter(function (one) { return one.name === "score" && one.checked; })[0] || {}).value || "", comment: inputs.comment.value } }];
    return [kind === "price-drop" ? "price_drop.requested" : "back_in_stock.requested", { email: email, product_id: data.product || "", variant_id: data.variant || "", sku: data.sku || "", title: data.name || "", url: here, form_url: here, locale: d.documentElement.lang }];
  }
  function all() {
    var boxes = d.querySelectorAll("[data-relevo-form]");
    if (boxes.length && !d.getElementById("relevo-style")) {
      var sheet = el("style", { id: "relevo-style" }, [style]);
      if (d.currentScript && d.currentScript.nonce) sheet.nonce = d.currentScript.nonce;
      d.head.append(sheet);
    }
    [].forEach.call(boxes, make);
  }
  if (d.readyState === "loading") d.addEventListener("DOMContentLoaded", all); else all();
  if (w.relevo) w.relevo.forms = all;
})(window, document);
