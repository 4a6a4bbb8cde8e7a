import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { brokenRadios, radios } from './support/event.ts'
import { accessible, picture, watch } from './support/look.ts'
import { config, logIn, opened, Site } from './support/site.ts'

let site: Site
test.beforeEach(async () => void (site = await Site.start()))
test.afterEach(() => site.stop())

test('a radio that fails is an alarm with its cause, until it works again', async ({ browser }) => {
  site.command('import', join(config, 'demo.yml'))
  const blocked = site.write('blocked', '')
  site.runner('roof', brokenRadios(site.dir, blocked))
  const { page, clean } = await opened(browser, site, 'oli', 'operator', '/overview')
  const failed = page.locator('.row').filter({ hasText: 'failed' }).first()
  await expect(failed).toContainText('blocked', { timeout: 60_000 })
  const alarm = page.locator('.alarm').filter({ hasText: 'Radio fails' })
  await expect(alarm).toContainText('roof/seventy-cm', { timeout: 60_000 })
  // The other one goes on.
  await expect(page.locator('.card.on_air').filter({ hasText: 'roof/two-metre' })).toBeVisible({ timeout: 60_000 })
  await picture(page, 'radio-fails')
  await accessible(page)
  await alarm.getByRole('link', { name: 'To the runner' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'roof' })).toBeVisible()
  rmSync(blocked)
  await page.getByRole('link', { name: 'Alarms', exact: false }).first().click()
  await expect(page.locator('.past').filter({ hasText: 'Radio fails' })).toBeVisible({ timeout: 60_000 })
  await clean()
})

test('a runner that falls silent, a server that restarts, a network that is lost', async ({ page, context }) => {
  test.setTimeout(240_000)
  const master = site.account('alice', 'master')
  site.command('import', join(config, 'demo.yml'))
  site.runner('roof', radios(site.dir))
  const clean = await watch(page)
  await logIn(page, site, master)
  await page.evaluate(() => document.body.setAttribute('data-same', 'yes'))

  // The runner's host loses its power.
  await expect(page.locator('.card.on_air').first()).toBeVisible({ timeout: 60_000 })
  site.killRunner('roof')
  const alarm = page.locator('.alarm').filter({ hasText: 'Runner silent' })
  await expect(alarm).toBeVisible({ timeout: 60_000 })
  await picture(page, 'runner-silent')
  await accessible(page)
  await page.getByRole('link', { name: /alarm/ }).first().click()
  await alarm.getByRole('button', { name: 'Acknowledge' }).click()
  await expect(alarm.getByText('seen by')).toContainText('alice')
  await alarm.getByRole('button', { name: 'Shelve' }).click()
  await page.getByLabel('Reason').fill('Looking for a new battery')
  await accessible(page)
  await page.getByRole('dialog').getByRole('button', { name: 'Shelve' }).click()
  await expect(page.getByRole('heading', { name: 'Shelved' })).toBeVisible()
  await picture(page, 'alarm-shelved')

  // The server dies and comes back: the page says so at once, keeps what it shows, and needs no reload.
  const again = await site.crash()
  const lost = page.getByRole('alert').filter({ hasText: 'Connection lost' })
  await expect(lost).toBeVisible()
  await picture(page, 'connection-lost')
  await accessible(page)
  await again()
  await expect(lost).toHaveCount(0, { timeout: 30_000 })
  await expect(page.getByText('Live', { exact: true })).toBeVisible()
  // What operators did outlives it.
  await expect(alarm.getByText('Looking for a new battery')).toBeVisible()
  await page.getByRole('button', { name: 'Bring back' }).click()
  await expect(page.getByRole('heading', { name: 'Shelved' })).toHaveCount(0)

  await context.setOffline(true)
  await expect(lost).toBeVisible()
  await context.setOffline(false)
  await expect(lost).toHaveCount(0, { timeout: 30_000 })
  await expect(page.locator('body[data-same]')).toHaveCount(1)
  await clean()
})
