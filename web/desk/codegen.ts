import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: ['src/**/*.ts', '!src/gql/**'],
  generates: {
    'src/gql/': {
      preset: 'client',
      // The server can be told to execute these and nothing else: the build adds their list.
      presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: 'sha256' } },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        // Numbers stay the text that the API sent: a float would lose digits.
        scalars: { Decimal: 'string', DateTime: 'string', Date: 'string', Cursor: 'string', JSON: 'unknown' },
      },
    },
  },
};
export default config;
