// The scripts run in Postman's sandbox: these names are all that they may use; its atob and btoa are deprecated.
const names = ['pm', 'require', 'crypto', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'];

export default [
  {
    files: ['**/*.js'],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: 'script',
      globals: Object.fromEntries(names.map((name) => [name, 'readonly'])),
    },
    rules: {
      'no-undef': 'error',
      'no-unused-vars': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-console': 'error',
      'no-control-regex': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
    },
  },
];
