import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { standing } from './session/session'

/** Each address is also listed in the server (`http/dashboard.rs`), so that a reload finds the page. */
const routes: RouteRecordRaw[] = [
  { path: '/', redirect: () => (standing.value === 'in' ? '/overview' : '/public') },
  { path: '/setup', component: () => import('./pages/access/SetupPage.vue'), meta: { open: true } },
  { path: '/login', component: () => import('./pages/access/LoginPage.vue'), meta: { open: true } },
  { path: '/public', component: () => import('./pages/public/PublicPage.vue'), meta: { open: true } },
  { path: '/projector', component: () => import('./pages/public/ProjectorPage.vue'), meta: { open: true } },
  { path: '/receive', component: () => import('./pages/air/ReceivePage.vue'), meta: { open: true } },
  { path: '/play', component: () => import('./pages/play/PlayPage.vue'), meta: { open: true } },
  { path: '/start', component: () => import('./pages/access/StartPage.vue') },
  { path: '/account', component: () => import('./pages/access/AccountPage.vue') },
  { path: '/overview', component: () => import('./pages/overview/OverviewPage.vue') },
  { path: '/challenges', component: () => import('./pages/challenges/ChallengesPage.vue') },
  { path: '/challenges/import', component: () => import('./pages/challenges/ImportPage.vue') },
  { path: '/challenges/new', component: () => import('./pages/challenges/EditPage.vue') },
  { path: '/challenges/texts', component: () => import('./pages/challenges/texts/TextChallengesPage.vue') },
  { path: '/challenges/instances', component: () => import('./pages/challenges/instances/InstanceChallengesPage.vue') },
  { path: '/challenges/instances/new', component: () => import('./pages/challenges/instances/EditInstancePage.vue') },
  {
    path: '/challenges/instances/:id(\\d+)',
    component: () => import('./pages/challenges/instances/EditInstancePage.vue'),
  },
  { path: '/challenges/:id(\\d+)', component: () => import('./pages/challenges/EditPage.vue') },
  { path: '/runners', component: () => import('./pages/runners/RunnersPage.vue') },
  { path: '/runners/:id', component: () => import('./pages/runners/RunnerPage.vue') },
  { path: '/air', component: () => import('./pages/air/AirPage.vue') },
  { path: '/alarms', component: () => import('./pages/alarms/AlarmsPage.vue') },
  { path: '/instances', component: () => import('./pages/instances/InstancesPage.vue') },
  { path: '/deployments', component: () => import('./pages/deployments/DeploymentsPage.vue') },
  { path: '/submissions', component: () => import('./pages/submissions/SubmissionsPage.vue') },
  { path: '/teams', component: () => import('./pages/teams/TeamsPage.vue') },
  { path: '/transmissions', component: () => import('./pages/transmissions/TransmissionsPage.vue') },
  { path: '/logs', component: () => import('./pages/logs/LogsPage.vue') },
  { path: '/audit', component: () => import('./pages/logs/AuditPage.vue') },
  { path: '/users', component: () => import('./pages/users/UsersPage.vue') },
  { path: '/settings', component: () => import('./pages/settings/SettingsPage.vue') },
  { path: '/:rest(.*)*', component: () => import('./pages/MissingPage.vue'), meta: { open: true } },
]

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
})

/** What needs a login leads there, and back afterwards. */
router.beforeEach((to) => {
  if (to.meta['open'] === true || standing.value === 'in' || standing.value === 'ended') return true
  return { path: '/login', query: to.path === '/overview' ? {} : { back: to.fullPath } }
})

/** A page that is left behind takes the focus with it: the next one begins at its top. */
router.afterEach((to, from) => {
  if (to.path !== from.path && from.matched.length > 0) document.getElementById('page')?.focus({ preventScroll: true })
})
