/** A text table: the first column to the left, the others to the right. */
export function table(title, head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => String(cell ?? '')));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) => row.map((cell, n) => (n ? cell.padStart(widths[n]) : cell.padEnd(widths[n]))).join('  ');
  return [``, title, line(cells[0]), widths.map((width) => '-'.repeat(width)).join('  '), ...cells.slice(1).map(line)].join('\n');
}

export const ms = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
export const times = (value) => value.toFixed(2);
export const range = ({ min, max }, show = times) => `${show(min)}–${show(max)}`;
export const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);
export const kib = (bytes) => (bytes / 1024).toFixed(0);
export const db = (value, decimals = 1) => (value === Infinity ? 'same' : value.toFixed(decimals));
