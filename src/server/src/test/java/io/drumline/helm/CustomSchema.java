package io.drumline.helm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.gson.JsonElement;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.util.Iterator;
import java.util.Objects;

/**
 * A kind that is no part of Kubernetes, by the schema in its own CustomResourceDefinition ({@code
 * crd} holds them; each says where it is from). Unknown fields are refused, which a server does
 * only where it is asked to.
 */
final class CustomSchema {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final JsonSchema schema;

  private CustomSchema(JsonSchema schema) {
    this.schema = schema;
  }

  static CustomSchema of(String kind) {
    try (InputStream file = CustomSchema.class.getResourceAsStream("crd/" + kind + ".json")) {
      JsonNode schema = JSON.readTree(Objects.requireNonNull(file, kind));
      close(schema);
      return new CustomSchema(
          JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V4).getSchema(schema));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Throws {@link IllegalArgumentException} with the first thing that is wrong. */
  void validate(JsonElement object) throws IOException {
    Iterator<ValidationMessage> wrong =
        schema.validate(JSON.readTree(object.toString())).iterator();
    if (wrong.hasNext()) {
      throw new IllegalArgumentException(wrong.next().getMessage());
    }
  }

  /** What names its fields has no others; x-kubernetes-… is not JSON Schema's. */
  private static void close(JsonNode schema) {
    if (schema instanceof ObjectNode object) {
      boolean open = object.has("x-kubernetes-preserve-unknown-fields");
      object.remove("x-kubernetes-preserve-unknown-fields");
      object.remove("x-kubernetes-int-or-string");
      if (object.get("properties") instanceof ObjectNode fields) {
        fields.forEach(CustomSchema::close);
        if (!open && !object.has("additionalProperties")) {
          object.put("additionalProperties", false);
        }
      }
      for (String nested : new String[] {"items", "additionalProperties"}) {
        if (object.has(nested)) {
          close(object.get(nested));
        }
      }
    }
  }
}
