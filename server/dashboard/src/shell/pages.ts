import {
  Boxes,
  ChartNoAxesGantt,
  Container,
  FileClock,
  Flag,
  Gauge,
  Presentation,
  Radio,
  RadioTower,
  ScrollText,
  Settings,
  ShieldCheck,
  TriangleAlert,
  UserCog,
  Users,
  Waypoints,
} from '@lucide/vue'
import type { Component } from 'vue'
import type { Role } from '../api/schema.gen'
import { text } from '../text'

export interface PageLink {
  to: string
  label: string
  icon: Component
  least: Role
}

const words = text.shell

export const groups: { label: string; pages: PageLink[] }[] = [
  {
    label: words.groupLive,
    pages: [
      { to: '/overview', label: words.overview, icon: Gauge, least: 'viewer' },
      { to: '/challenges', label: words.challenges, icon: Waypoints, least: 'viewer' },
      { to: '/runners', label: words.runners, icon: Radio, least: 'viewer' },
      { to: '/air', label: words.air, icon: RadioTower, least: 'viewer' },
      { to: '/alarms', label: words.alarms, icon: TriangleAlert, least: 'viewer' },
    ],
  },
  {
    label: words.groupPlay,
    pages: [
      { to: '/instances', label: words.instances, icon: Container, least: 'viewer' },
      { to: '/deployments', label: words.deployments, icon: Boxes, least: 'viewer' },
      { to: '/submissions', label: words.submissions, icon: Flag, least: 'operator' },
      { to: '/teams', label: words.teams, icon: Users, least: 'operator' },
    ],
  },
  {
    label: words.groupPast,
    pages: [
      { to: '/transmissions', label: words.transmissions, icon: ChartNoAxesGantt, least: 'viewer' },
      { to: '/logs', label: words.logs, icon: ScrollText, least: 'viewer' },
      { to: '/audit', label: words.audit, icon: FileClock, least: 'admin' },
    ],
  },
  {
    label: words.groupSetUp,
    pages: [
      { to: '/users', label: words.users, icon: UserCog, least: 'admin' },
      { to: '/settings', label: words.settings, icon: Settings, least: 'viewer' },
      { to: '/account', label: words.account, icon: ShieldCheck, least: 'viewer' },
      { to: '/public', label: words.publicPage, icon: Presentation, least: 'viewer' },
    ],
  },
]
