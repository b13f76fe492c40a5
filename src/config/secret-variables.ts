/** The variables of the operator's own secrets. */
export const operatorVariables = ['ADMIN_TOKEN', 'METRICS_TOKEN', 'AUDIT_KEY'] as const;

const PLACE = '{organization_id}';

/** Whether the name is that of one variable for each organisation, such as `PLATFORM_TOKEN_{organization_id}`. */
export const isPerOrganization = (variable: string): boolean => variable.includes(PLACE);

/** The variable of one organisation; a name without the place is the variable of all. */
export const variableFor = (variable: string, organizationId: string): string =>
  variable.replace(PLACE, organizationId);

/** What every organisation's variable has in its name: `PLATFORM_TOKEN` of `PLATFORM_TOKEN_{organization_id}`. */
export const withoutOrganization = (variable: string): string =>
  variable.replace(`_${PLACE}`, '').replace(PLACE, '');

/** Whether `name` may be the variable of any organisation. */
export const isVariableOf = (variable: string, name: string): boolean =>
  isPerOrganization(variable) ? name.startsWith(variableFor(variable, '')) : name === variable;
