import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'

declare global {
  interface Window {
    violations: string[]
  }
}

/** Watches a page from its beginning: nothing may break the policy, fail in a script or leave the server's origin. */
export async function watch(page: Page) {
  const faults: string[] = []
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    if (hostname !== '127.0.0.1' && protocol !== 'blob:') faults.push(`request to ${request.url()}`)
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  await page.addInitScript(() => {
    window.violations = []
    document.addEventListener('securitypolicyviolation', (event) =>
      window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
    )
  })
  return async () => {
    expect(faults).toEqual([])
    expect(await page.evaluate(() => window.violations)).toEqual([])
  }
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe finds against WCAG 2.2 A and AA. `colours`: only what depends on the theme, after a look at all of it. */
export async function accessible(page: Page, what: 'all' | 'colours' = 'all') {
  const axe = new AxeBuilder({ page })
  const { violations } = await (what === 'all' ? axe.withTags(RULES) : axe.withRules('color-contrast')).analyze()
  const told = violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html.slice(0, 140)).join(' | ')}`)
  expect.soft(told).toEqual([])
}

/** Nothing is wider than the page, which would scroll sideways. */
export async function fits(page: Page, where: string) {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect.soft(beyond, `sideways scrolling: ${where}`).toBeLessThanOrEqual(0)
}

/** Kept in `out/`, for people to look at. */
export async function picture(page: Page, name: string) {
  await page.screenshot({ path: `out/${name}.png`, animations: 'disabled' })
}

/** In both themes, on a desk and on a phone. */
export async function everywhere(page: Page, name: string) {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await picture(page, `${name}-${colorScheme}-${width}`)
      await test.step(`${name} ${colorScheme} ${width}`, () => accessible(page))
    }
    await fits(page, `${name} at ${width}`)
  }
  await page.setViewportSize({ width: 1280, height: 800 })
}
