// Compresses what Vite has built, once and as well as can be: the server only picks the form that a browser takes.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const folder = 'dist'
const compressible = /\.(html|js|css|svg|webmanifest|txt)$/

/** Only the build needs it. */
rmSync(join(folder, '.vite'), { recursive: true, force: true })

for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  const path = join(folder, name)
  if (!statSync(path).isFile() || !compressible.test(name)) continue
  const content = readFileSync(path)
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
  const forms = { br: brotliCompressSync(content, { params: quality }), gz: gzipSync(content, { level: 9 }) }
  for (const [extension, compressed] of Object.entries(forms)) {
    if (compressed.length < content.length) writeFileSync(`${path}.${extension}`, compressed)
  }
}
