import { AppError, defineTool, path } from 'tenantry/tool';
import { z } from 'zod';

const AgentReply = z.object({
  agent: z.object({ agent_id: z.string(), name: z.string(), occupation: z.string(), city: z.string() }),
});

/** The platform is asked for the caller's organisation: there is no argument for another one. */
const introduceAgent = defineTool({
  name: 'introduce_agent',
  title: 'Introduce an agent',
  description: 'One sentence that introduces an agent, for a first message.',
  scope: 'agent:read',
  effect: 'reads',
  rest: 'GET /v1/introductions/{agent_id}',
  input: z.strictObject({ agent_id: z.string().min(1).max(64) }),
  output: z.object({ introduction: z.string(), on_behalf_of: z.string() }),
  async handle({ agent_id }, { downstream, me }) {
    const { agent } = await downstream.get(path`/v1/agents/${agent_id}`, {}, AgentReply);
    return {
      introduction: `${agent.name}, ${agent.occupation} from ${agent.city}.`,
      on_behalf_of: me.organization.name,
    };
  },
});

/** A scope of one's own, which `scopes.catalogue` names in the configuration. */
const rollDice = defineTool({
  name: 'roll_dice',
  title: 'Roll dice',
  description: 'Rolls up to ten dice and tells what they show.',
  scope: 'dice:roll',
  effect: 'reads',
  input: z.strictObject({
    dice: z.int().min(1).max(10).default(1),
    sides: z.int().min(2).max(100).default(6),
  }),
  output: z.object({ rolls: z.array(z.int()) }),
  async handle({ dice, sides }) {
    if (dice * sides > 500) throw new AppError('VALIDATION_ERROR', { message: 'dice: expected a handful' });
    return { rolls: Array.from({ length: dice }, () => 1 + Math.floor(Math.random() * sides)) };
  },
});

export const tools = [introduceAgent, rollDice];
