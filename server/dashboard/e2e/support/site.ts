import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, type Browser, type Page } from '@playwright/test'
import { watch } from './look.ts'
import { totp } from './totp.ts'

const root = resolve(import.meta.dirname, '../../../..')
const programs = process.env['PROGRAMS'] ?? join(root, 'target/debug')
const server = process.env['SERVER'] ?? join(programs, 'challengectl-server')
const runner = process.env['RUNNER'] ?? join(programs, 'challengectl-runner')
export const config = join(root, 'config')

export interface Account {
  name: string
  password: string
  secret: string
}

export interface Order {
  session_id: number
  fence: number
  /** Null: nothing may be left of it. */
  run: { deployment?: { name: string; team: string; address?: string; is_paused?: boolean } } | null
}

interface Orders {
  revision: number
  orders: Order[]
  inspections?: { inspection_id: number; subject: 'events' | object }[]
}

/** A server and its runners as real programs, in a folder of their own. */
export class Site {
  readonly dir = mkdtempSync(join(tmpdir(), 'dashboard-'))
  url = ''
  setupToken = ''
  #server: ChildProcess | null = null
  /** Of the accounts that were made. */
  readonly passwords = new Map<string, string>()
  readonly #runners = new Map<string, ChildProcess>()

  static async start({ lease = 6, settings = '' } = {}): Promise<Site> {
    const site = new Site()
    // A short lease, so that a runner that falls silent is noticed within seconds.
    site.write(
      'server.yml',
      `listen: 127.0.0.1:0\ndata_dir: data\nlease_seconds: ${lease}\ngrace_seconds: 1\npoll_interval: 1\n${settings}`,
    )
    await site.serve()
    return site
  }

  write(name: string, content: string) {
    writeFileSync(join(this.dir, name), content)
    return join(this.dir, name)
  }

  async serve(listen = '127.0.0.1:0') {
    const child = spawn(server, ['serve', '--config', join(this.dir, 'server.yml'), '--set', `listen=${listen}`])
    this.#server = child
    child.stderr.on('data', (part: Buffer) => {
      this.setupToken = /setup_[0-9a-f]+/.exec(part.toString())?.[0] ?? this.setupToken
    })
    const lines = createInterface(child.stdout)
    for await (const line of lines) {
      const found = /https?:\/\/[0-9.:]+/.exec(line)
      if (!found) continue
      this.url = found[0]
      break
    }
    child.stdout.resume()
  }

  /** Ends the server as a crash does, and gives what starts it again in the same place. */
  async crash(): Promise<() => Promise<void>> {
    const ended = new Promise((done) => this.#server?.once('exit', done))
    this.#server?.kill('SIGKILL')
    await ended
    return () => this.serve(new URL(this.url).host)
  }

  command(...given: string[]): string {
    const done = spawnSync(server, [...given, '--config', join(this.dir, 'server.yml')], {
      cwd: config,
      encoding: 'utf8',
    })
    if (done.status !== 0) throw new Error(`${given.join(' ')}: ${done.stderr}`)
    return done.stdout
  }

  import(event: string) {
    this.command('import', this.write('event.yml', event))
  }

  account(name: string, role: string): Account {
    const text = this.command('user', 'add', name, '--role', role, '--json')
    const made = JSON.parse(text) as Record<string, string>
    this.passwords.set(name, made['password'] ?? '')
    return { name, password: made['password'] ?? '', secret: made['totp_secret'] ?? made['secret'] ?? '' }
  }

  /** A runner that is this test: it says what no honest one would. */
  async impostor(id: string) {
    const token = this.command('runner', 'enroll', id).trim().split(/\s+/).at(-1)
    const post = async (path: string, body: unknown, key = '') => {
      const headers = { 'Content-Type': 'application/json', ...(key ? { 'X-API-Key': key } : {}) }
      const answer = await fetch(`${this.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      return (await answer.json()) as Record<string, unknown>
    }
    const { api_key: key } = await post('/api/enrollment/enroll', { enrollment_token: token, hostname: id })
    const own = `/api/runners/${id}`
    return {
      register: (body: object) => post('/api/runners/register', { runner_id: id, ...body }, String(key)),
      send: (action: string, body: object) => post(`${own}/${action}`, body, String(key)),
      /** The orders of its instances that have changed since, or all of them. */
      orders: async (since: number) => {
        const answer = await fetch(`${this.url}${own}/instances?since=${since}&wait=2`, {
          headers: { 'X-API-Key': String(key) },
        })
        return (await answer.json()) as Orders
      },
      task: async () => {
        const answer = await fetch(`${this.url}${own}/task?wait=20`, { headers: { 'X-API-Key': String(key) } })
        return ((await answer.json()) as { task: { challenge_id: number; assignment_id: number } }).task
      },
    }
  }

  /** Starts a runner that is enrolled by the command line. */
  runner(id: string, radios: string) {
    const token = this.command('runner', 'enroll', id).trim().split(/\s+/).at(-1)
    const file = `server: ${this.url}\nenrollment_token: ${token}\nstate_dir: ${join(this.dir, id)}\nradios:\n${radios}`
    this.startRunner(id, file)
  }

  startRunner(id: string, file: string) {
    this.write(`${id}.yml`, file)
    this.restartRunner(id)
  }

  /** With the state that it has. */
  restartRunner(id: string) {
    const args = ['run', '--config', join(this.dir, `${id}.yml`)]
    this.#runners.set(id, spawn(runner, args, { stdio: 'ignore', cwd: this.dir }))
  }

  /**
   * Listens to the air of a runner for a second, as an SDR program does; gives the part of its full amplitude that a
   * carrier at this frequency had.
   */
  async hear(id: string, hz: number): Promise<number> {
    const [seconds, rate] = ['1', 48_000]
    const given = ['record', String(hz), '--sample-rate', String(rate), '--seconds', seconds, '--out', 'heard']
    const child = spawn(runner, [...given, '--config', join(this.dir, `${id}.yml`)], { stdio: 'ignore', cwd: this.dir })
    const status = await new Promise((done) => child.once('exit', done))
    if (status !== 0) throw new Error(`nothing to hear: status ${String(status)}`)
    return carrier(readFileSync(join(this.dir, 'heard.sigmf-data')), rate / 100)
  }

  /** As when the host loses its power. */
  killRunner(id: string) {
    this.#runners.get(id)?.kill('SIGKILL')
  }

  stop() {
    for (const child of this.#runners.values()) child.kill('SIGKILL')
    this.#server?.kill('SIGKILL')
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

/** The largest mean of so many samples: what is in the middle of the band adds up, noise does not. */
function carrier(data: Buffer, block: number): number {
  let most = 0
  for (let from = 0; from + block * 8 <= data.length; from += block * 8) {
    let [re, im] = [0, 0]
    for (let at = from; at < from + block * 8; at += 8) {
      re += data.readFloatLE(at)
      im += data.readFloatLE(at + 4)
    }
    most = Math.max(most, Math.hypot(re, im) / block)
  }
  return most
}

/** A page in a browser of its own, with the login of a new account. */
export async function opened(browser: Browser, site: Site, name: string, role: string, path: string) {
  const page = await (await browser.newContext()).newPage()
  const clean = await watch(page)
  const codes = await logIn(page, site, site.account(name, role), path)
  return { page, clean, codes }
}

/** Opens a page by its address, and waits until it shows what it is. */
export async function go(page: Page, site: Site, path: string) {
  await page.goto(`${site.url}/${path}`)
  await expect(page.locator('h1').first()).toBeVisible()
}

/** Logs in by the form, as a person does, and waits for the first page. Gives the recovery codes of a first login. */
export async function logIn(page: Page, site: Site, account: Account, to = '/overview') {
  await page.goto(`${site.url}/login?back=${encodeURIComponent(to)}`)
  await page.getByLabel('User name').fill(account.name)
  await page.getByLabel('Password').fill(account.password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByLabel('Code').fill(totp(account.secret))
  await page.getByRole('button', { name: 'Verify' }).click()
  const kept = page.getByRole('button', { name: 'I have kept them' })
  await Promise.race([kept.waitFor(), page.waitForURL((url) => url.pathname !== '/login')])
  let codes: string[] = []
  if (await kept.isVisible()) {
    codes = ((await page.locator('pre').textContent()) ?? '').trim().split('\n')
    await kept.click()
  }
  await page.waitForURL((url) => url.pathname !== '/login')
  return codes
}
