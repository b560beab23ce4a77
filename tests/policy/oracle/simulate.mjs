// Reads cases as JSON lines, prints one JSON line for each: what iam-simulate makes of it.
// With --time N it reads one case and prints the seconds that N evaluations of it take.
import { createInterface } from 'node:readline'
import { performance } from 'node:perf_hooks'
import { anonymousPrincipal, runSimulation } from '@cloud-copilot/iam-simulate'

const named = (policies) => policies.map((policy, number) => ({ name: `p${number}`, policy }))
const levels = (given) =>
  given.map((policies, number) => ({ orgIdentifier: `level-${number}`, policies: named(policies) }))

function simulation(given) {
  return {
    request: {
      action: given.action,
      principal: given.principal ?? anonymousPrincipal,
      resource: { resource: given.resource, accountId: given.resource_account },
      contextVariables: given.context
    },
    identityPolicies: named(given.identity),
    serviceControlPolicies: levels(given.scps),
    resourceControlPolicies: levels(given.rcps),
    resourcePolicy: given.resource_policy ?? undefined,
    permissionBoundaryPolicies: given.boundary ? named([given.boundary]) : undefined,
    sessionPolicy: given.session ?? undefined,
    vpcEndpointPolicies: given.endpoint.length ? named(given.endpoint) : undefined
  }
}

async function answer(given) {
  try {
    const response = await runSimulation(simulation(given), {})
    if (response.resultType === 'error') return { refused: response.errors }
    if (response.resultType !== 'single') return { refused: { message: response.resultType } }
    const { analysis, ignoredContextKeys } = response.result
    return {
      result: response.overallResult,
      blocked_by: analysis.blockedBy ?? [],
      same_account: analysis.sameAccount,
      ignored: ignoredContextKeys ?? []
    }
  } catch (error) {
    return { refused: { message: `${error}` } }
  }
}

const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })
const times = process.argv[2] === '--time' ? Number(process.argv[3]) : 0
for await (const line of lines) {
  const given = JSON.parse(line)
  if (!times) {
    console.log(JSON.stringify({ id: given.id, ...(await answer(given)) }))
    continue
  }
  const asked = simulation(given)
  await runSimulation(asked, {}) // so that what is loaded once is loaded
  const begun = performance.now()
  for (let count = 0; count < times; count++) await runSimulation(asked, {})
  console.log(JSON.stringify({ seconds: (performance.now() - begun) / 1000, ...(await answer(given)) }))
}
