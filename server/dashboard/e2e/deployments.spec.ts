import { expect, test, type Page } from '@playwright/test'
import { cluster, siteOfDeployments } from './support/cluster.ts'
import { HOSTILE } from './support/event.ts'
import { accessible, everywhere, fits, picture } from './support/look.ts'
import { go, opened, type Order, type Site } from './support/site.ts'

/** Each test has a server of its own. */
let site: Site | null = null
test.afterEach(() => site?.stop())
const begin = async () => {
  const begun = await siteOfDeployments()
  site = begun.site
  return begun
}

const panel = (page: Page, challenge: string) => page.getByRole('region', { name: challenge, exact: true })
const row = (page: Page, team: string) => page.getByRole('row').filter({ hasText: team })
/** Answers the question before something is done. */
const yes = (page: Page, act: string) =>
  page.getByRole('alertdialog').getByRole('button', { name: act, exact: true }).click()

test('an operator sees why a team has no instance, redeploys it, and stops and brings back others', async ({
  browser,
}) => {
  test.setTimeout(600_000)
  const { site, challenge } = await begin()
  const { page, clean } = await opened(browser, site, 'olga', 'operator', '/deployments')
  await expect(page.getByRole('heading', { name: 'No challenge is deployed for teams.' })).toBeVisible()
  await everywhere(page, 'deployments-empty')

  const deploy = await challenge('shop', 4)
  await page.getByRole('button', { name: 'Refresh' }).click()
  await expect(page.getByText('Not deployed yet.')).toBeVisible()
  await deploy()
  await expect(row(page, 'team-004')).toContainText('no Kubernetes runner is online', { timeout: 30_000 })
  await expect(panel(page, 'shop')).toContainText('0 of 4 run, 4 pending')

  const why = `ErrImagePull: ${HOSTILE.markup}`
  await cluster(site, 'cluster', ({ fence, run }: Order) =>
    run?.deployment?.team === 'team-003' && fence === 1 ? why : undefined,
  )
  // The page notices by itself.
  await expect(panel(page, 'shop')).toContainText('3 of 4 run, 1 failed', { timeout: 30_000 })
  await expect(row(page, 'team-003')).toContainText(why)
  await expect(row(page, 'team-001')).toContainText('192.168.250.101')
  await everywhere(page, 'deployments')
  await page.getByLabel('Show').selectOption('Those that do not run')
  await expect(row(page, 'team-001')).toHaveCount(0)

  // By the keyboard alone: the team, what its cluster has recorded, what it has printed, and another try.
  await page.getByRole('button', { name: 'team-003', exact: true }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'shop: team-003' })
  await expect(dialog).toContainText(why)
  await expect(dialog.getByLabel('Events')).toContainText('Warning BackOff')
  await everywhere(page, 'deployments-team')
  await dialog.getByRole('button', { name: 'Show output' }).press('Enter')
  await expect(dialog.getByLabel('Output')).toHaveText('GET / 200')
  await dialog.getByRole('button', { name: 'Redeploy' }).press('Enter')
  await expect(page.getByRole('alertdialog')).toContainText('Redeploy “shop” of team-003?')
  await yes(page, 'Redeploy')
  await expect(page.getByText('team-003 is being redeployed')).toBeVisible()
  await expect(dialog).toContainText('running', { timeout: 30_000 })
  await page.keyboard.press('Escape')
  await expect(page.getByText('All of its instances run.')).toBeVisible()
  await page.getByLabel('Show').selectOption('All teams')

  await page.getByRole('button', { name: 'Actions: shop, team-001' }).click()
  await page.getByRole('menuitem', { name: 'Stop' }).click()
  await yes(page, 'Stop')
  await expect(row(page, 'team-001')).toContainText('stopped', { timeout: 30_000 })
  await expect(row(page, 'team-001'), 'its address stays').toContainText('192.168.250.101')
  await page.getByRole('button', { name: 'Stop all: shop' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('Stop all 4 instances of “shop”?')
  await picture(page, 'deployments-stop-all')
  await yes(page, 'Stop all')
  await expect(panel(page, 'shop')).toContainText('0 of 4 run, 4 stopped', { timeout: 30_000 })
  await page.getByRole('button', { name: 'Redeploy all: shop' }).click()
  await yes(page, 'Redeploy all')
  await expect(panel(page, 'shop')).toContainText('4 of 4 run', { timeout: 30_000 })

  // Among all instances, a stop means the same.
  await go(page, site, 'instances')
  await page.getByRole('button', { name: 'Stop: shop of team-002' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('Its address stays')
  await yes(page, 'Stop')
  await expect(row(page, 'team-002')).toContainText('stopped', { timeout: 30_000 })
  await expect(page.getByRole('button', { name: 'Stop: shop of team-002' })).toHaveCount(0)
  await go(page, site, 'deployments')
  await expect(panel(page, 'shop')).toContainText('3 of 4 run, 1 stopped')
  await clean()
})

test('a viewer sees what runs, copies an address, and learns that the runner is silent', async ({ browser }) => {
  test.setTimeout(600_000)
  const { site, challenge } = await begin()
  const fallSilent = await cluster(site, 'cluster')
  await (
    await challenge('shop', 2)
  )()
  const { page, clean } = await opened(browser, site, 'vic', 'viewer', '/deployments')
  await expect(panel(page, 'shop')).toContainText('2 of 2 run')
  await expect(page.getByRole('button', { name: /^(Redeploy|Stop|Actions)/ })).toHaveCount(0)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: 'Copy the address of team-002' }).click()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('192.168.250.102')
  await page.getByRole('button', { name: 'team-002', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'shop: team-002' })
  await expect(dialog.getByRole('link', { name: 'http://192.168.250.102/' })).toBeVisible()
  await expect(dialog.getByLabel('Events')).toHaveCount(0)
  await page.keyboard.press('Escape')
  const { deployments } = (await (await page.request.get(`${site.url}/api/deployments`)).json()) as {
    deployments: { deployment_id: string }[]
  }
  const refused = await page.request.post(`${site.url}/api/deployments/${deployments[0]?.deployment_id}/stop`)
  expect(refused.status()).toBe(403)

  fallSilent()
  await expect(page.getByText('The runner “cluster” is silent.')).toBeVisible({ timeout: 60_000 })
  await expect(panel(page, 'shop'), 'what ran goes on').toContainText('2 of 2 run')
  await picture(page, 'deployments-silent')
  await accessible(page)
  await fits(page, 'a silent runner')
  await clean()
})
