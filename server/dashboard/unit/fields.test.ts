import { mount, type VueWrapper } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { nextTick } from 'vue'
import DurationField from '../src/ui/fields/DurationField.vue'
import LinesField from '../src/ui/fields/LinesField.vue'
import PairsFields from '../src/ui/fields/PairsFields.vue'
import TextList from '../src/ui/fields/TextList.vue'

/** The latest value that a field gave. */
const given = (field: VueWrapper) => field.emitted('update:modelValue')?.at(-1)?.[0]

test('a duration keeps its seconds in whatever unit it is typed', async () => {
  const field = mount(DurationField, {
    props: { label: 'Life', min: 10, max: 86_400, modelValue: 5400 as number | null },
  })
  const [number, unit] = [field.get('input'), field.get('select')]
  expect([number.element.value, unit.element.value]).toEqual(['90', 'min'])
  await number.setValue('1.5')
  expect(given(field)).toBe(90)
  await unit.setValue('h')
  expect(given(field)).toBe(5400)
  // Set by a file that is read.
  await field.setProps({ modelValue: 30 })
  expect([number.element.value, unit.element.value]).toEqual(['30', 's'])
  expect(number.attributes('required')).toBeDefined()
})

test('a duration that may be left out is null without a number', async () => {
  const field = mount(DurationField, {
    props: { label: 'Idle', min: 10, max: 86_400, optional: true, modelValue: null as number | null },
  })
  await field.get('input').setValue('2')
  expect(given(field)).toBe(120)
  await field.get('input').setValue('')
  expect(given(field)).toBeNull()
})

test('lines are trimmed, and what is typed stays as it is typed', async () => {
  const field = mount(LinesField, {
    props: {
      label: 'Tags',
      modelValue: ['a'],
      'onUpdate:modelValue': (lines: string[]) => field.setProps({ modelValue: lines }),
    },
  })
  await field.get('textarea').setValue(' a \n\nb')
  expect(given(field)).toEqual(['a', 'b'])
  await nextTick()
  expect(field.get('textarea').element.value).toBe(' a \n\nb')
  await field.setProps({ modelValue: ['c'] })
  expect(field.get('textarea').element.value).toBe('c')
})

test('pairs and texts are added, changed and removed in their order, with their line breaks', async () => {
  const pairs = mount(PairsFields, {
    props: {
      label: 'Environment',
      add: 'More',
      of: ['Name', 'Value'] as const,
      modelValue: [{ name: 'A', value: '1' }],
    },
  })
  await pairs.get('textarea').setValue('1\n2')
  expect(given(pairs)).toEqual([{ name: 'A', value: '1\n2' }])
  await pairs.findAll('button').at(-1)?.trigger('click')
  expect(given(pairs)).toEqual([
    { name: 'A', value: '1\n2' },
    { name: '', value: '' },
  ])
  const texts = mount(TextList, { props: { label: 'Hints', add: 'More', modelValue: ['a', 'b', 'c'] } })
  await texts.get('[aria-label="Remove: Hints 2"]').trigger('click')
  expect(given(texts)).toEqual(['a', 'c'])
})
