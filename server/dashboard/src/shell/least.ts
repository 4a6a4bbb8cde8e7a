import type { Role } from '../api/schema.gen'
import { groups } from './pages'

/** Pages that are in no list, and only for some. */
const further: Record<string, Role> = {
  '/challenges/new': 'admin',
  '/challenges/import': 'admin',
  '/challenges/instances/new': 'admin',
}

/** The lowest role that a page is for. The server decides; this only says so before anything is asked. */
export function leastFor(path: string): Role {
  const listed = groups.flatMap((group) => group.pages).find((page) => page.to === path)
  return further[path] ?? listed?.least ?? 'viewer'
}
