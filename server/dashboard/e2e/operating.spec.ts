import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { radios } from './support/event.ts'
import { accessible, picture } from './support/look.ts'
import { config, opened, Site } from './support/site.ts'

let site: Site
test.beforeAll(async () => {
  site = await Site.start()
  site.command('import', join(config, 'demo.yml'))
  site.runner('roof', radios(site.dir))
})
test.afterAll(() => site.stop())

test('pause, emergency stop and release reach everybody, with who and when', async ({ browser }) => {
  const { page, clean } = await opened(browser, site, 'oli', 'operator', '/logs')
  const { page: viewer } = await opened(browser, site, 'vic', 'viewer', '/overview')
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(viewer.getByRole('status').filter({ hasText: 'Paused' })).toContainText('by oli since')
  await picture(viewer, 'paused')
  await accessible(viewer)
  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(viewer.getByRole('status').filter({ hasText: 'Running' })).toBeVisible()
  await expect(viewer.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })

  await page.getByRole('button', { name: 'Emergency stop' }).click()
  await expect(viewer.getByRole('status').filter({ hasText: 'Emergency stop' })).toContainText('by oli since')
  await expect(viewer.locator('.card')).toHaveCount(0, { timeout: 30_000 })
  await picture(viewer, 'stopped')
  await accessible(viewer)
  // Letting go again asks; the focus is on the answer that changes nothing.
  await page.getByRole('button', { name: 'Release' }).click()
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await accessible(page)
  await page.getByRole('alertdialog').getByRole('button', { name: 'Release' }).click()
  await expect(viewer.getByRole('status').filter({ hasText: 'Running' })).toBeVisible()
  await expect(viewer.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
  await clean()
})

test('the hours close the event and open it, in its own zone', async ({ browser }) => {
  const { page, clean } = await opened(browser, site, 'hal', 'operator', '/settings')
  await page.getByLabel('Time zone').selectOption('Asia/Tokyo')
  await page.getByLabel('Ends').fill('2020-05-03T18:00')
  await page.getByLabel('Hold back outside').check()
  await page.getByRole('button', { name: 'Save' }).click()
  const line = page.getByRole('status').filter({ hasText: 'Closed by the hours' })
  await expect(line).toContainText('The event is over')
  await expect(page.getByText('Closed: nothing new goes on air.')).toBeVisible()
  await expect(page.locator('.clock')).toContainText('Asia/Tokyo')
  await picture(page, 'closed')
  await accessible(page)
  await page.getByRole('button', { name: 'Open now' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Open outside the hours' })).toContainText('by hal since')
  await page.getByLabel('Hold back outside').uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Running' })).toBeVisible()
  await clean()
})

test('Enter, pressed once too often on what opens a dialog, stops nothing', async ({ browser }) => {
  const { page, clean } = await opened(browser, site, 'eni', 'admin', '/users')
  await page.getByRole('button', { name: 'Add a user' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Add a user' })
  await expect(dialog.getByRole('button', { name: 'Emergency stop' })).toBeVisible()
  await expect(dialog.getByRole('button', { name: 'Close' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('button', { name: 'Emergency stop' })).toBeVisible()
  await clean()
})
