// Encrypts and decrypts with the AWS Encryption SDK for JavaScript what esdk_js.py asks for: one JSON
// document of jobs on standard input, one of results on standard output. Bytes are Base64.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const sdk = createRequire(import.meta.url)('@aws-crypto/client-node')
const policies = sdk.CommitmentPolicy
const strict = sdk.buildClient(policies.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
const old = sdk.buildClient(policies.FORBID_ENCRYPT_ALLOW_DECRYPT)

function keyring({ name, namespace, hex, utf8 }) {
  // The SDK takes a key only if it is alone in its ArrayBuffer.
  const key = new Uint8Array(Buffer.from(hex, 'hex'))
  const suite = sdk.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING
  return new sdk.RawAesKeyringNode({
    keyName: name,
    keyNamespace: namespace,
    unencryptedMasterKey: key,
    wrappingSuite: suite,
    utf8Sorting: utf8,
  })
}

async function run(job) {
  try {
    const bytes = Buffer.from(job.input, 'base64')
    if (job.encrypt) {
      const client = job.suite < 0x0400 ? old : strict
      const options = { encryptionContext: job.context, frameLength: job.frame, suiteId: job.suite }
      const { result } = await client.encrypt(keyring(job.key), bytes, options)
      return { output: result.toString('base64') }
    }
    const { plaintext, messageHeader } = await strict.decrypt(keyring(job.key), bytes)
    return { output: plaintext.toString('base64'), context: messageHeader.encryptionContext }
  } catch (error) {
    return { error: `${error.name}: ${error.message}` }
  }
}

const jobs = JSON.parse(readFileSync(0, 'utf8'))
const results = []
for (const job of jobs) results.push(await run(job))
process.stdout.write(JSON.stringify(results))
