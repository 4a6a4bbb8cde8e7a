/** The spectrum of complex samples, in place; the length is a power of two (Cooley and Tukey 1965). */
export function fft(re: Float32Array, im: Float32Array): void {
  const length = re.length
  for (let i = 1, j = 0; i < length; i++) {
    let bit = length >> 1
    for (; j & bit; bit >>= 1) j ^= bit
    j ^= bit
    if (i < j) {
      swap(re, i, j)
      swap(im, i, j)
    }
  }
  for (let size = 2; size <= length; size <<= 1) {
    const half = size >> 1
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / size
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
      for (let i = k; i < length; i += size) {
        const [ar, ai, br, bi] = [re[i] ?? 0, im[i] ?? 0, re[i + half] ?? 0, im[i + half] ?? 0]
        const [tr, ti] = [br * cos - bi * sin, br * sin + bi * cos]
        re[i] = ar + tr
        im[i] = ai + ti
        re[i + half] = ar - tr
        im[i + half] = ai - ti
      }
    }
  }
}

function swap(values: Float32Array, a: number, b: number) {
  const kept = values[a] ?? 0
  values[a] = values[b] ?? 0
  values[b] = kept
}
