import vue from 'eslint-plugin-vue'
import ts from 'typescript-eslint'

/** Parts of the library that insert a style element, which the policy blocks. */
const inline = [
  'SelectViewport',
  'ComboboxViewport',
  'ScrollAreaViewport',
  'ScrollAreaRoot',
  'SplitterResizeHandle',
  'Viewport',
]

export default ts.config(
  { ignores: ['dist', 'out', 'src/api/schema.gen.d.ts'] },
  ...ts.configs.strict,
  ...vue.configs['flat/essential'],
  {
    files: ['**/*.vue', '**/*.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      'vue/no-v-html': 'error',
      'vue/no-static-inline-styles': 'error',
      'vue/multi-word-component-names': 'off',
      'vue/no-undef-components': ['error', { ignorePatterns: ['RouterLink', 'RouterView'] }],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'reka-ui', importNames: inline, message: 'It inserts a style element, which the policy blocks.' },
          ],
        },
      ],
    },
  },
)
