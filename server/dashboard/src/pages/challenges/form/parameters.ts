import type { Modulation, ModulationParameter } from '../../../api/schema.gen'
import { text } from '../../../text'

/** What is typed or chosen for a parameter; an empty text: its default. */
export type Given = Record<string, string>

const words = text.challenges

/** The value that a parameter has when nothing is given; `null`: it must be given. */
export function standard({ limits }: ModulationParameter): string | null {
  return limits.default == null ? null : String(limits.default)
}

/** Whether a parameter counts beside the others. */
export function counts(parameter: ModulationParameter, given: Given, of: Modulation): boolean {
  const when = parameter.only_when
  if (!when) return true
  const other = of.parameters.find((it) => it.name === when.parameter)
  if (!other || !counts(other, given, of)) return false
  return when.values.includes(given[other.name] || (standard(other) ?? ''))
}

/** What is wrong with what is given; undefined: nothing. */
export function fault(parameter: ModulationParameter, given: string | undefined): string | undefined {
  const { limits } = parameter
  if (!given) return standard(parameter) === null ? words.required : undefined
  if (limits.kind === 'integer' || limits.kind === 'number') {
    const value = Number(given.replace(',', '.'))
    if (Number.isNaN(value) || given.trim() === '') return words.notNumber
    if (limits.kind === 'integer' && !Number.isInteger(value)) return words.notWhole
    if (value < limits.min || value > limits.max) return words.outside(String(limits.min), String(limits.max))
  }
  if (limits.kind === 'text' && [...given].length > limits.max_characters) return words.tooLong(limits.max_characters)
  return undefined
}

/** The parameters as the server takes them: those that are given and count. */
export function parametersOf(of: Modulation, given: Given): Record<string, unknown> {
  const taken: Record<string, unknown> = {}
  for (const parameter of of.parameters) {
    const value = given[parameter.name]
    if (!value || !counts(parameter, given, of)) continue
    switch (parameter.limits.kind) {
      case 'integer':
      case 'number':
        taken[parameter.name] = Number(value.replace(',', '.'))
        break
      case 'switch':
        taken[parameter.name] = value === 'true'
        break
      default:
        taken[parameter.name] = value
    }
  }
  return taken
}

/** What a challenge has, as it is typed. */
export function givenOf(parameters: Record<string, unknown>): Given {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]))
}
