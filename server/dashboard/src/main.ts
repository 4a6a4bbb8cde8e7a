import '@fontsource-variable/inter/wght.css'
import './style/tokens.css'
import './style/base.css'
import './style/controls.css'
import './style/layout.css'
import './style/dialog.css'
import { createApp } from 'vue'
import App from './App.vue'
import { router } from './router'
import { load, standing } from './session/session'
import './session/theme'

async function begin() {
  try {
    await load()
  } catch {
    // The server is away or starting: the public page says so, and a login can be tried.
    standing.value = 'out'
  }
  createApp(App).use(router).mount('#app')
}
void begin()
