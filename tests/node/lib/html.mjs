// As much HTML as a client needs that posts back forms: a form by its id, its fields, its buttons.

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The form with that id, as `{ action, method, hidden, buttons }`; undefined where the page has none. */
export function findForm(page, id) {
  for (const [, tag, inner] of page.matchAll(/<form\b([^>]*)>(.*?)<\/form\s*>/gis)) {
    const form = attributes(tag);
    if (form.id !== id) continue;
    const inputs = [...inner.matchAll(/<input\b([^>]*)>/gi)].map(([, input]) => attributes(input));
    const hidden = inputs.filter((input) => input.type === 'hidden').map(({ name, value = '' }) => [name, value]);
    const buttons = [...inner.matchAll(/<button\b([^>]*)>/gi)].map(([, button]) => attributes(button));
    return { action: form.action ?? '', method: (form.method ?? 'get').toLowerCase(), hidden, buttons };
  }
  return undefined;
}

/** Whether some element of the page has that id. */
export function hasElement(page, id) {
  return [...page.matchAll(/<[a-z][^<>]*>/gi)].some(([tag]) => attributes(tag).id === id);
}

function attributes(tag) {
  const pairs = tag.matchAll(/([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g);
  return Object.fromEntries([...pairs].map(([, name, a, b, c]) => [name.toLowerCase(), unescape(a ?? b ?? c ?? '')]));
}

function unescape(text) {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name] ?? whole;
  });
}
