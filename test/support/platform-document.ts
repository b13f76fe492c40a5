const text = { type: 'string' };
const ticket = {
  type: 'object',
  required: ['id'],
  properties: { id: text, title: text, organization_id: text, note: { type: 'string', nullable: true } },
};
const json = (schema: object) => ({ 'application/json': { schema } });
const answers = (schema: object, status = '200') => ({
  [status]: { description: 'Done.', content: json(schema) },
});
const idInPath = { name: 'id', in: 'path', required: true, schema: text };
const organization = (place: string) => ({
  name: 'organization_id',
  in: place,
  required: true,
  schema: text,
});

/** A platform as documents in the wild describe one: 3.0, references, and the organisation in every place there is. */
export const platformDocument = {
  openapi: '3.0.3',
  info: { title: 'Desk', version: '1' },
  servers: [{ url: 'https://desk.example/api' }],
  paths: {
    '/tickets': {
      get: {
        operationId: 'listTickets',
        tags: ['tickets'],
        parameters: [
          organization('query'),
          {
            name: 'states',
            in: 'query',
            schema: { type: 'array', items: { type: 'string', enum: ['open', 'closed'] } },
          },
          { name: 'ids', in: 'query', explode: false, schema: { type: 'array', items: text } },
          {
            name: 'filter',
            in: 'query',
            style: 'deepObject',
            explode: true,
            schema: { type: 'object', additionalProperties: text },
          },
          { name: 'extra', in: 'query', schema: { type: 'object', additionalProperties: text } },
          { name: 'page[size]', in: 'query', schema: { type: 'integer', minimum: 1 } },
          { name: 'X-View', in: 'header', schema: text },
          { name: 'Authorization', in: 'header', schema: text },
        ],
        responses: answers({
          type: 'object',
          properties: {
            tickets: { type: 'array', items: { $ref: '#/components/schemas/Ticket' } },
            organization_id: text,
          },
        }),
      },
      post: {
        operationId: 'create-ticket',
        tags: ['tickets'],
        requestBody: { required: true, content: json({ $ref: '#/components/schemas/NewTicket' }) },
        responses: answers({ $ref: '#/components/schemas/Ticket' }, '201'),
      },
    },
    '/tickets/{id}': {
      parameters: [idInPath],
      get: {
        operationId: 'getTicket',
        tags: ['tickets'],
        responses: answers({ $ref: '#/components/schemas/Ticket' }),
      },
      put: {
        operationId: 'replaceTicket',
        requestBody: { content: json({ type: 'object' }) },
        responses: answers({ $ref: '#/components/schemas/Ticket' }),
      },
      delete: {
        operationId: 'deleteTicket',
        tags: ['tickets'],
        responses: { 204: { description: 'Gone.' } },
      },
    },
    '/orgs/{organization_id}/tickets/{id}/compare/{base}...{head}': {
      get: {
        operationId: 'compareTickets',
        tags: ['tickets'],
        parameters: [
          organization('path'),
          idInPath,
          ...['base', 'head'].map((name) => ({ ...idInPath, name })),
        ],
        responses: answers({}),
      },
    },
    '/orgs/{organization_id}/people': {
      get: {
        operationId: 'listPeople',
        tags: ['tickets'],
        parameters: [organization('path')],
        responses: answers({ type: 'array', items: { type: 'object' } }),
      },
    },
    '/stats': {
      get: {
        operationId: 'getStats',
        tags: ['tickets'],
        parameters: [organization('header')],
        responses: answers({ type: 'object' }),
      },
    },
    '/workspaces/{workspace_id}/secrets': {
      get: {
        operationId: 'listSecrets',
        tags: ['secrets'],
        parameters: [{ ...idInPath, name: 'workspace_id' }],
        responses: answers({ type: 'object', properties: { secrets: { type: 'array', items: text } } }),
      },
    },
    '/upload': {
      post: {
        operationId: 'upload',
        tags: ['tickets'],
        requestBody: { required: true, content: { 'multipart/form-data': { schema: { type: 'object' } } } },
        responses: answers({}),
      },
    },
    '/internal': { get: { operationId: 'internal', responses: answers({}) } },
  },
  components: {
    schemas: {
      Ticket: ticket,
      NewTicket: {
        allOf: [
          {
            type: 'object',
            required: ['title', 'organization_id'],
            properties: { title: { type: 'string', pattern: '^(a+)+$' }, organization_id: text },
          },
          {
            type: 'object',
            properties: {
              parent: { $ref: '#/components/schemas/NewTicket' },
              priority: { type: 'integer', minimum: 1, exclusiveMinimum: true },
            },
          },
        ],
      },
    },
  },
};
