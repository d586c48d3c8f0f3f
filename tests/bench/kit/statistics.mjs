export const sorted = (values) => [...values].sort((a, b) => a - b);

export function median(values) {
  const all = sorted(values);
  const middle = all.length >> 1;
  return all.length % 2 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
export const geometricMean = (values) => Math.exp(mean(values.map(Math.log)));

/** Median, smallest and largest of some runs. */
export const summary = (values) => ({ median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length });

/** How many times of `base` each of `values` is, item by item: geometric mean, smallest, largest. */
export function ratios(values, base) {
  const each = values.map((value, n) => value / base[n]);
  return { mean: geometricMean(each), min: Math.min(...each), max: Math.max(...each) };
}

/** The straight line of least squares; `worst`: the largest distance of a point from it, as a share of the point. */
export function line(xs, ys) {
  const [x, y] = [mean(xs), mean(ys)];
  const slope = xs.reduce((sum, one, n) => sum + (one - x) * (ys[n] - y), 0) / xs.reduce((sum, one) => sum + (one - x) ** 2, 0);
  const start = y - slope * x;
  return { slope, start, worst: Math.max(...xs.map((one, n) => Math.abs(start + slope * one - ys[n]) / ys[n])) };
}
