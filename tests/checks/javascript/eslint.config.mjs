// Limits on the size of files and functions, the same as for Python (tests/unit/test_sizes.py, ruff's C901), and what nobody uses.
// Types are TypeScript's to check (tests/shim_types.py).

const sizes = {
  complexity: ["error", 20],
  "max-lines": ["error", 400],
  "max-lines-per-function": ["error", { max: 60, IIFEs: true }],
};
const unused = (vars) => ({
  "no-unused-private-class-members": "error",
  "no-unused-vars": ["error", { vars, argsIgnorePattern: "^_", ignoreRestSiblings: true, varsIgnorePattern: "^_" }],
  "no-useless-assignment": "error",
  "prefer-const": ["error", { ignoreReadBeforeAssign: true }],
});

export default [
  { ignores: ["**/node_modules/**"] },
  { linterOptions: { noInlineConfig: true }, rules: sizes },
  { files: ["**/*.mjs"] },
  { files: ["**/*.cjs"], languageOptions: { sourceType: "commonjs" } },
  { ignores: ["tests/**"], rules: unused("all") },
  // The files of the report's script share one scope.
  { files: ["stackswitch/reports/**/*.js"], languageOptions: { sourceType: "script" }, rules: unused("local") },
];
