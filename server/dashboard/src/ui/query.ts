import type { LocationQuery, LocationQueryRaw } from 'vue-router'

/** The query of an address with one value set, or left out when it is empty; and without some others. */
export function queryWith(query: LocationQuery, name: string, value: string, without: string[] = []): LocationQueryRaw {
  const kept = Object.entries(query).filter(([key]) => key !== name && !without.includes(key))
  return Object.fromEntries(value ? [...kept, [name, value]] : kept)
}
