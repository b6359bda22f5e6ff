/** Numbers as people write them, read for quizzes and for the cells of a kernel. */

const GROUPED = /^[+-]?[1-9]\d{0,2}([, '’_])\d{3}(?:\1\d{3})*(?:\.\d+)?$/;
const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const SCALES = { thousand: 1e3, million: 1e6, billion: 1e9 };

/**
 * The number that a person wrote, or null: 15,200 · 15 200 · 1.5e4 · 1.5 × 10^4 · 0,5 ·
 * 225 million · 1/9 · −3 · 75 %, with the unit after it or without.
 */
export function readNumber(text, unit = "") {
  let plain = text
    .trim()
    .replace(/[−–‐‑]/g, "-")
    .replace(/\s+/g, " ")
    .toLowerCase();
  const inUnit = unit && plain.endsWith(unit.toLowerCase());
  if (inUnit) plain = plain.slice(0, -unit.length).trim();
  const inPercent = plain.endsWith("%");
  if (inPercent) plain = plain.slice(0, -1).trim();
  const parts = plain.split("/").map((part) => readDecimal(part.trim()));
  if (parts.length > 2 || parts.includes(null)) return null;
  let value = parts.length === 2 ? parts[0] / parts[1] : parts[0];
  if (inPercent) value /= 100;
  else if (unit === "%" && parts.length === 2 && !inUnit) value *= 100;
  return Number.isFinite(value) ? value : null;
}

function readDecimal(text) {
  const [, digits, scale] = text.match(/^(.*?) ?(thousand|million|billion)?$/);
  let plain = digits.replace(/ ?[×x*·] ?10 ?\^ ?/, "e").replace(/^([+-]) /, "$1");
  if (GROUPED.test(plain)) plain = plain.replace(/[, '’_]/g, "");
  else plain = plain.replace(/^([+-]?\d+),(\d+)$/, "$1.$2");
  return PLAIN.test(plain) ? Number(plain) * (SCALES[scale] ?? 1) : null;
}
