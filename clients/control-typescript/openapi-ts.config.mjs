// Where the document is and where the files go is given by clients/generator/generate.py.
export default {
  input: process.env.RELEVO_DOCUMENT,
  output: { path: process.env.RELEVO_TARGET, importFileExtension: ".js" },
  plugins: ["@hey-api/client-fetch", "@hey-api/sdk", "@hey-api/typescript"],
};
