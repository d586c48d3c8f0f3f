/* What libc's sine and cosine reduce angles beyond 1.6 million with: 4 KB of code and digits of 2 / pi, in place of
 * which the binary links this. Ours are of a filter's and a transform's few periods. */
int __rem_pio2_large(double* angle, double* reduced, int exponent, int count, int precision);
int __rem_pio2_large(double* angle, double* reduced, int exponent, int count, int precision) {
  (void)angle;
  (void)exponent;
  (void)count;
  (void)precision;
  reduced[0] = reduced[1] = 0;
  return 0;
}
