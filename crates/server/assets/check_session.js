// Says to an application's page whether the sign-in at this browser is still the one that it knows
// (OpenID Connect Session Management 1.0 section 3.2). It sends nothing anywhere else.
(function () {
  "use strict";
  var name = document.currentScript.dataset.cookie + "=";

  // SHA-256 by hand: crypto.subtle is missing on pages that browsers do not call secure, and answers later.
  var K = [];
  var H = [];
  (function () {
    function fraction(x) { return ((x - Math.floor(x)) * 4294967296) | 0; }
    for (var n = 2; K.length < 64; n++) {
      var prime = true;
      for (var d = 2; d * d <= n; d++) { if (n % d === 0) { prime = false; break; } }
      if (prime) {
        if (H.length < 8) { H.push(fraction(Math.pow(n, 1 / 2))); }
        K.push(fraction(Math.pow(n, 1 / 3)));
      }
    }
  })();

  function digest(bytes) {
    var length = bytes.length;
    var data = bytes.slice();
    data.push(128);
    while (data.length % 64 !== 56) { data.push(0); }
    data.push(0, 0, 0, 0, (length >>> 21) & 255, (length >>> 13) & 255, (length >>> 5) & 255, (length << 3) & 255);
    var h = H.slice();
    function turn(x, by) { return (x >>> by) | (x << (32 - by)); }
    for (var at = 0; at < data.length; at += 64) {
      var w = [];
      var v = h.slice();
      for (var i = 0; i < 64; i++) {
        if (i < 16) {
          var j = at + 4 * i;
          w[i] = (data[j] << 24) | (data[j + 1] << 16) | (data[j + 2] << 8) | data[j + 3];
        } else {
          var a = w[i - 15];
          var b = w[i - 2];
          w[i] = (w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] +
            (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
        }
        var one = (v[7] + (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) +
          K[i] + w[i]) | 0;
        var two = ((turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]))) | 0;
        v = [(one + two) | 0, v[0], v[1], v[2], (v[3] + one) | 0, v[4], v[5], v[6]];
      }
      for (var k = 0; k < 8; k++) { h[k] = (h[k] + v[k]) | 0; }
    }
    var text = "";
    for (var word = 0; word < 8; word++) {
      for (var shift = 24; shift >= 0; shift -= 8) { text += String.fromCharCode((h[word] >>> shift) & 255); }
    }
    return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function hash(text) {
    var raw = unescape(encodeURIComponent(text));
    var bytes = [];
    for (var i = 0; i < raw.length; i++) { bytes.push(raw.charCodeAt(i)); }
    return digest(bytes);
  }

  // What stands for the sign-in at this browser: nothing where nobody is signed in.
  function state() {
    var cookies = document.cookie.split("; ");
    for (var i = 0; i < cookies.length; i++) {
      if (cookies[i].indexOf(name) === 0) { return cookies[i].slice(name.length); }
    }
    return "";
  }

  function answer(message, origin) {
    var at = message.lastIndexOf(" ");
    var parts = message.slice(at + 1).split(".");
    if (at < 1 || parts.length !== 2 || !/^[A-Za-z0-9_-]{43}$/.test(parts[0]) || !/^[A-Za-z0-9_-]+$/.test(parts[1])) {
      return "error";
    }
    return hash(message.slice(0, at) + " " + origin + " " + state() + " " + parts[1]) === parts[0] ? "unchanged" : "changed";
  }

  window.addEventListener("message", function (event) {
    // A page without an origin can be told nothing that another could not hear.
    if (typeof event.data !== "string" || !event.source || !/^https?:\/\//.test(event.origin)) { return; }
    event.source.postMessage(answer(event.data, event.origin), event.origin);
  });
})();
