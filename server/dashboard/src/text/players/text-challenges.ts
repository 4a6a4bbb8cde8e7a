export const textChallenges = {
  title: 'Texts',
  about:
    'Challenges that are read and solved by a flag, without a signal and without instances. They are made by ctfcli, or in an event file with kind: text.',
  name: 'Name',
  category: 'Category',
  tags: 'Tags',
  points: 'Points',
  shown: 'Players',
  visible: 'see it',
  hidden: 'do not see it',
  empty: 'There is no text.',
} as const
