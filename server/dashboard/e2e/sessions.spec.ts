import { expect, test } from '@playwright/test'
import { everywhere } from './support/look.ts'
import { engine, siteOfPlayers } from './support/players.ts'
import { opened } from './support/site.ts'

test('an admin opens the program of an own session and ends it; to others it is no link', async ({ browser }) => {
  const site = await siteOfPlayers()
  try {
    await engine(site, 'cellar', { kind: 'process' })
    const { page, clean } = await opened(browser, site, 'ada', 'admin', '/instances')
    const process = { program: '/usr/bin/true', port: { assigned: 49_152 } }
    const challenge = { name: 'Shell', id: 'shell', enabled: true, spec: { process } }
    const added = await page.request.post(`${site.url}/api/instance-challenges`, { data: challenge })
    expect(added.ok(), await added.text()).toBe(true)
    const made = await page.request.post(`${site.url}/api/sessions`, { data: { challenge_id: 'shell' } })
    expect(made.status(), await made.text()).toBe(201)
    const { id } = ((await made.json()) as { data: { session: { id: string } } }).data.session

    const link = page.getByRole('link', { name: 'Open its program' })
    await expect(link).toHaveAttribute('href', `/api/sessions/${id}/proxy/`)
    await everywhere(page, 'process-session')
    const viewer = await opened(browser, site, 'vic', 'viewer', '/instances')
    await expect(viewer.page.getByRole('cell', { name: 'ada' })).toBeVisible()
    await expect(viewer.page.getByRole('link', { name: 'Open its program' })).toHaveCount(0)
    await viewer.clean()

    await page.getByRole('button', { name: 'Stop: Shell of ada' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Stop' }).click()
    await expect(page.getByText('No instance is running.')).toBeVisible()
    expect((await page.request.get(`${site.url}/api/sessions/${id}`)).status()).toBe(404)
    await clean()
  } finally {
    site.stop()
  }
})
